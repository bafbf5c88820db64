import type { Objection } from '../../contract/tokens/inspection.ts'
import { error, warning } from './inspect-times.ts'
import { type JsonObject, objectAt } from '../json.ts'

/** Characters that Jitsi's client removes from room names, so that a claim with them never equals the joined room. */
const REMOVED_CHARACTERS = /[:?#[\]@!$&'()*+,;=></"\s]/

/**
 * Finds the defects of `room`.
 * @param path prefix of room names in the URLs of the deployment: `<AppID>/` for JaaS
 */
export function* roomObjections(claims: JsonObject, path: string): Generator<Objection> {
  const { room } = claims
  if (room === undefined) {
    yield error('room-missing', 'The token names no room. The client receives no answer and waits.')
    return
  }
  if (typeof room !== 'string') {
    if (room !== null)
      yield error('room-not-a-text', 'room must be a string with one name. For any other value, Jitsi does not answer.')
    return
  }
  const { regex } = objectAt(objectAt(claims, 'context'), 'room')
  if (regex === true || regex === 'true') yield* patternObjections(room)
  else yield* nameObjections(room, path)
}

function* nameObjections(room: string, path: string): Generator<Objection> {
  if (room === '*') {
    yield warning('room-wildcard', 'room is *, which opens every room. Name one room.')
    return
  }
  if (path !== '' && room.startsWith(path)) {
    yield error('room-prefixed', `room must be only the name of the room, without ${path} before it.`)
    return
  }
  if (room !== room.toLowerCase()) {
    yield warning(
      'room-upper-case',
      'room contains upper-case letters. Jitsi ignores case, but other tools may not. Use lower case.',
    )
  }
  if (/%[0-9a-f]{2}/i.test(room)) {
    yield error(
      'room-percent-encoded',
      'room is percent-encoded. Use a name of a-z, 0-9 and -, which needs no encoding.',
    )
  } else if (REMOVED_CHARACTERS.test(room)) {
    yield error(
      'room-characters',
      'room contains characters that the client removes, so it never equals the joined room. Use a-z, 0-9 and -.',
    )
  } else if (!/^[\x21-\x7e]*$/.test(room)) {
    yield error(
      'room-not-ascii',
      'room contains non-ASCII characters. The client encodes them, so room never equals the joined room. Use a-z, 0-9 and -.',
    )
  }
}

/** Verifiers match Lua patterns with `string.match`; the result must equal the whole room name. */
function* patternObjections(pattern: string): Generator<Objection> {
  yield warning('room-pattern', 'room is a Lua pattern. It has an effect only if the verifier also checks the domain.')
  const mistakes: [RegExp, string, string][] = [
    [/\\/, 'room-pattern-backslash', 'Lua patterns escape characters with %, not with a backslash.'],
    [/\|/, 'room-pattern-alternation', 'Lua patterns have no alternatives: | matches only the character |.'],
    [/\{\d/, 'room-pattern-count', 'Lua patterns have no counts: { and } match only themselves.'],
    [
      /\(/,
      'room-pattern-capture',
      'With a capture, only the captured part is compared with the room name. Remove the parentheses.',
    ],
    [/(^|[^%[])-/, 'room-pattern-hyphen', 'An unescaped - repeats the character before it. Write %- for a hyphen.'],
    [
      /\.[*+-]/,
      'room-pattern-broad',
      'The pattern opens every room whose name begins or ends in the same way. Name one room.',
    ],
    [/^.{129,}$/s, 'room-pattern-long', 'Patterns of more than 128 characters are refused.'],
  ]
  for (const [mistake, code, message] of mistakes) if (mistake.test(pattern)) yield warning(code, message)
  if ((pattern.match(/(?<!%)[*+?-]/g) ?? []).length > 3) {
    yield error('room-pattern-repeats', 'Patterns with more than three repetitions are refused.')
  }
}
