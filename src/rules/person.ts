import { EMAIL_PATTERN, MAX_EMAIL_CHARACTERS } from '../contract/tokens/token.ts'

const MAX_NAME_CHARACTERS = 128

// Controls, format characters (bidi marks among them), lone surrogates, line and paragraph separators, and the
// noncharacters, which XML forbids and which would cut the XMPP stream that carries the name.
const FORBIDDEN_IN_NAMES = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/u

/**
 * The display name as it enters a token: trimmed and in Unicode NFC.
 * @param text any string
 * @returns 1 to 128 characters (code points), or undefined where the text holds a control, bidi or other format
 *   character, a lone surrogate or a noncharacter, or has no character or too many
 */
export function displayName(text: string): string | undefined {
  if (FORBIDDEN_IN_NAMES.test(text)) return undefined
  const name = text.trim().normalize('NFC')
  const characters = [...name].length
  return characters >= 1 && characters <= MAX_NAME_CHARACTERS ? name : undefined
}

const EMAIL = new RegExp(EMAIL_PATTERN)

/** Whether a text is an e-mail address that a request may contain. */
export const isEmail = (text: string): boolean => text.length <= MAX_EMAIL_CHARACTERS && EMAIL.test(text)

// The characters of RFC 3986 and no others: nothing that JSON would escape or a page could break out with.
const URL_CHARACTERS = /^https:\/\/[A-Za-z0-9[][A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]*$/

/**
 * Whether a text is an https URL that may be shown to everybody in the meeting.
 * @param text any string
 * @returns true for an absolute https URL (RFC 3986 characters) without user name or password
 */
export function isHttpsUrl(text: string): boolean {
  if (!URL_CHARACTERS.test(text)) return false
  const url = URL.parse(text)
  return url !== null && url.username === '' && url.password === ''
}
