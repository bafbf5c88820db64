import { EMAIL_PATTERN, MAX_EMAIL_CHARACTERS } from '../contract/tokens/token.ts'
import { hasMisplacedJoiner } from './joiners.ts'

const MAX_NAME_CHARACTERS = 128

// Controls, lone surrogates, line and paragraph separators, everything that is invisible except joiners and variation
// selectors, and the noncharacters: XML forbids them, and Prosody closes an XMPP stream that carries one.
const FORBIDDEN_IN_NAMES =
  /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\p{Default_Ignorable_Code_Point}]--[\u200c\u200d\p{Variation_Selector}]]/v

// A letter, a digit or an emoji. Two hieroglyphs are blank letters; # and * are emoji only with a keycap.
const VISIBLE = /[[\p{L}\p{N}\p{Extended_Pictographic}\p{Emoji_Presentation}]--[\u{13441}\u{13442}]]|[#*]\ufe0f?\u20e3/v

/**
 * Returns a display name as it enters a token: trimmed and in Unicode NFC.
 * @param text any string
 * @returns 1 to 128 characters (code points); undefined if the text has too many, no letter, digit or emoji, a control, bidi
 *   or other invisible character, a lone surrogate, a noncharacter, or a joiner (U+200C, U+200D) where it has no effect
 */
export function displayName(text: string): string | undefined {
  const name = text.trim().normalize('NFC')
  if ([...name].length > MAX_NAME_CHARACTERS) return undefined
  return VISIBLE.test(name) && !FORBIDDEN_IN_NAMES.test(name) && !hasMisplacedJoiner(name) ? name : undefined
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
