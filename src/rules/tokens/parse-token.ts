import { type JsonObject, isJsonObject } from '../json.ts'

/** The decoded parts of a token. Nothing is verified. */
export type ParsedToken = { header: JsonObject; claims: JsonObject }

/**
 * Decodes a token without verifying it.
 * @param token in compact form (RFC 7515, section 7.1), possibly surrounded by white space
 * @returns the parts, or undefined if the text is not a token
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
