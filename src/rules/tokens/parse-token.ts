import { type JsonObject, isJsonObject } from '../json.ts'

/** Header and claims of a token whose signature is not verified. */
export type ParsedToken = { header: JsonObject; claims: JsonObject }

/**
 * Parses a token without verifying it.
 * @param token JWS compact serialization (RFC 7515, section 3.1), with optional white space around it
 * @returns its header and claims, or undefined if the text is not a token
 */
export function parseToken(token: string): ParsedToken | undefined {
  const parts = token.trim().split('.')
  const [header, claims] = parts.slice(0, 2).map(parsePart)
  return parts.length === 3 && header !== undefined && claims !== undefined ? { header, claims } : undefined
}

function parsePart(part: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
