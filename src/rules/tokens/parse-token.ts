import { type JsonObject, isJsonObject } from '../json.ts'
/** A token taken apart, unverified. */
export type ParsedToken = { header: JsonObject; claims: JsonObject }

/**
 * Takes a token apart. Nothing of it is believed.
 * @param token in compact form (RFC 7515), white space around it allowed
 * @returns undefined where it is none
 */
export function parseToken(token: string): ParsedToken | undefined {
  const parts = token.trim().split('.')
  const [header, claims] = parts.slice(0, 2).map(objectOf)
  return parts.length === 3 && header !== undefined && claims !== undefined ? { header, claims } : undefined
}

function objectOf(part: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
