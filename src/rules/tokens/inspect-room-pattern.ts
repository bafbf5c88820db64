import type { Objection } from '../../contract/tokens/inspection.ts'
import { error, warning } from './inspect-times.ts'
import { endOfItem, matchAtStart, toBytes } from './lua-pattern.ts'
import { findPatternError } from './lua-pattern-error.ts'

/** Limits of the token plugin of Prosody, which bound the time of a match. */
const [MAX_CHARACTERS, MAX_QUANTIFIERS] = [128, 3]

/**
 * Finds the objections of a verifier to a pattern: a Lua pattern (`string.match`) whose first capture, or whose match, must be
 * the whole name of the room. The plugin of Prosody refuses a room with `invalid-regex` if Lua raises an error.
 * @param room the claim
 * @param wanted the name of the room that a person wants to enter
 */
export function* patternObjections(room: string, wanted: string | undefined): Generator<Objection> {
  const pattern = toBytes(room)
  yield warning(
    'room-pattern',
    'room is a Lua pattern, which has an effect only if the verifier also checks the domain.',
  )
  const { text, quantifiers } = simplify(pattern)
  for (const [mistake, code, message] of MISTAKES) if (mistake.test(text)) yield warning(code, message)
  if (pattern.length > MAX_CHARACTERS)
    yield error('room-pattern-long', `Patterns with more than ${MAX_CHARACTERS} characters are refused.`)
  else if (quantifiers > MAX_QUANTIFIERS)
    yield error('room-pattern-repeats', 'Patterns with more than three quantifiers are refused.')
  else yield* matchObjections(pattern, wanted)
}

function* matchObjections(pattern: string, wanted: string | undefined): Generator<Objection> {
  const mistake = findPatternError(pattern)
  if (mistake !== undefined) {
    yield error('invalid-regex', `The pattern is invalid, so it opens no room. Lua reports: ${mistake}.`)
    return
  }
  if (wanted === undefined) return
  if (wanted.length > MAX_CHARACTERS)
    yield error('room-too-long', `A room with more than ${MAX_CHARACTERS} characters cannot be opened by a pattern.`)
  else if (matchAtStart(wanted, pattern) !== wanted)
    yield error(
      'room-mismatch',
      'The pattern does not match the whole name of the given room; the token does not open it.',
    )
}

/** Common mistakes: what is written, and what it does. */
const MISTAKES: readonly [RegExp, string, string][] = [
  [/\\/, 'room-pattern-backslash', 'Lua patterns escape with %, not with a backslash.'],
  [/\|/, 'room-pattern-alternation', 'Lua patterns have no alternation; | is a literal character.'],
  [/\{\d/, 'room-pattern-count', 'Lua patterns have no counts; { and } are literal characters.'],
  [
    /\(/,
    'room-pattern-capture',
    'With a capture, only the captured part is compared with the room name; remove the parentheses.',
  ],
  [/-/, 'room-pattern-hyphen', 'An unescaped - repeats the preceding character; write %- for a hyphen.'],
  [
    /\.[*+-]/,
    'room-pattern-broad',
    'The pattern opens every room whose name begins or ends in the same way; name one room.',
  ],
]

/** Replaces sets and escaped characters, in which no character is special, and counts the quantifiers outside them. */
function simplify(pattern: string): { text: string; quantifiers: number } {
  let text = ''
  for (let at = 0; at < pattern.length;) {
    const end = endOfItem(pattern, at) ?? pattern.length
    text += end === at + 1 ? (pattern[at] ?? '') : 'x'
    at = end
  }
  return { text, quantifiers: text.match(/[*+?-]/g)?.length ?? 0 }
}
