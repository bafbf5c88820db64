import type { Objection } from '../../contract/tokens/inspection.ts'
import { error, warning } from './inspect-times.ts'
import { type JsonObject, objectAt } from '../json.ts'

/** Characters that Jitsi's client removes from a room name, so that the claim never equals the joined room. */
const REMOVED_CHARACTERS = /[:?#[\]@!$&'()*+,;=></"\s]/

/**
 * Finds the objections of a verifier to `room`.
 * @param path the part of the path before the room name in URLs of the deployment, `<AppID>/` for JaaS
 */
export function* roomObjections(claims: JsonObject, path: string): Generator<Objection> {
  const { room } = claims
  if (room === undefined) {
    yield error('room-missing', 'The token names no room; the client receives no answer and waits.')
    return
  }
  if (typeof room !== 'string') {
    if (room !== null) yield error('room-not-a-text', 'room must be a string; otherwise Jitsi does not answer.')
    return
  }
  const { regex } = objectAt(objectAt(claims, 'context'), 'room')
  if (regex === true || regex === 'true') yield* patternObjections(room)
  else yield* nameObjections(room, path)
}

function* nameObjections(room: string, path: string): Generator<Objection> {
  if (room === '*') {
    yield warning('room-wildcard', 'room is *: the token opens every room. Name one room.')
    return
  }
  if (path !== '' && room.startsWith(path)) {
    yield error('room-prefixed', `room must be the name without the prefix ${path}.`)
    return
  }
  if (room !== room.toLowerCase()) {
    yield warning(
      'room-upper-case',
      'room has upper-case letters; Jitsi compares in lower case, but other tools may not.',
    )
  }
  if (/%[0-9a-f]{2}/i.test(room)) {
    yield error('room-percent-encoded', 'room is percent-encoded; a plain name of a-z, 0-9 and - needs no encoding.')
  } else if (REMOVED_CHARACTERS.test(room)) {
    yield error(
      'room-characters',
      'room has characters that the client removes, so it never equals the joined room; use a-z, 0-9 and -.',
    )
  } else if (!/^[\x21-\x7e]*$/.test(room)) {
    yield error(
      'room-not-ascii',
      'room is not plain ASCII; the client encodes the name, so it never equals the claim. Use a-z, 0-9 and -.',
    )
  }
}

/** A pattern is a Lua pattern (`string.match`), and must match the whole name. */
function* patternObjections(pattern: string): Generator<Objection> {
  yield warning(
    'room-pattern',
    'room is a Lua pattern, which has an effect only if the verifier also checks the domain.',
  )
  const mistakes: [RegExp, string, string][] = [
    [/\\/, 'room-pattern-backslash', 'Lua patterns escape with %, not with a backslash.'],
    [/\|/, 'room-pattern-alternation', 'Lua patterns have no alternation; | is a literal character.'],
    [/\{\d/, 'room-pattern-count', 'Lua patterns have no counts; { and } are literal characters.'],
    [
      /\(/,
      'room-pattern-capture',
      'With a capture, only the captured part is compared with the room name; remove the parentheses.',
    ],
    [/(^|[^%[])-/, 'room-pattern-hyphen', 'An unescaped - repeats the preceding character; write %- for a hyphen.'],
    [
      /\.[*+-]/,
      'room-pattern-broad',
      'The pattern opens every room whose name begins or ends in the same way; name one room.',
    ],
    [/^.{129,}$/s, 'room-pattern-long', 'Patterns with more than 128 characters are refused.'],
  ]
  for (const [mistake, code, message] of mistakes) if (mistake.test(pattern)) yield warning(code, message)
  if ((pattern.match(/(?<!%)[*+?-]/g) ?? []).length > 3) {
    yield error('room-pattern-repeats', 'Patterns with more than three quantifiers are refused.')
  }
}
