import { type JsonObject, isJsonObject } from '../json.ts'

/** The decoded parts of a token. Nothing is verified. */
export type ParsedToken = { header: JsonObject; claims: JsonObject }

/**
 * Decodes a token without verifying it.
 * @param token in compact form (RFC 7515, section 7.1)
 * @returns the parts, or undefined if the text is not a token
 */
export function parseToken(token: string): ParsedToken | undefined {
  const parts = token.split('.')
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

/**
 * White space, quotes of a shell or of JSON, and the scheme of an Authorization header, at the beginning or at the end. The
 * lookbehind begins a match only once in a run of such characters, so that the time grows linearly.
 */
const WRAPPING =
  /^(?:[\s"'`\u2018\u2019\u201c\u201d\ufeff]|Bearer\s)+|(?<![\s"'`\u2018\u2019\u201c\u201d,;])[\s"'`\u2018\u2019\u201c\u201d,;]+$/gi

/** Removes what is often copied together with a token. @returns the token, which may be no token */
export const unwrapToken = (text: string): string => text.replaceAll(WRAPPING, '')
