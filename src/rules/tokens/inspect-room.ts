import type { Objection } from '../../contract/tokens/inspection.ts'
import { error, warning } from './inspect-times.ts'
import { type JsonObject, objectAt } from '../json.ts'

/** What Jitsi's client takes out of a room's name, so that the claim never equals the room that is joined. */
const STRIPPED = /[:?#[\]@!$&'()*+,;=></"\s]/

/**
 * What a verifier objects to in `room`.
 * @param path what stands before a room in the URLs of the deployment, `<AppID>/` for JaaS
 */
export function* roomObjections(claims: JsonObject, path: string): Generator<Objection> {
  const { room } = claims
  if (room === undefined) {
    yield error('room-missing', 'It names no room; the client is told nothing and waits for ever.')
    return
  }
  if (typeof room !== 'string') {
    if (room !== null)
      yield error('room-not-a-text', 'room has to be one name; with anything else Jitsi gives no answer.')
    return
  }
  const { regex } = objectAt(objectAt(claims, 'context'), 'room')
  if (regex === true || regex === 'true') yield* patternObjections(room)
  else yield* nameObjections(room, path)
}

function* nameObjections(room: string, path: string): Generator<Objection> {
  if (room === '*') {
    yield warning('room-wildcard', 'room is *: it opens every room there is. Name the one room.')
    return
  }
  if (path !== '' && room.startsWith(path)) {
    yield error('room-prefixed', `room has to be the name alone, without ${path} before it.`)
    return
  }
  if (room !== room.toLowerCase()) {
    yield warning('room-upper-case', 'room has upper-case letters; Jitsi compares in lower case, other tools may not.')
  }
  if (/%[0-9a-f]{2}/i.test(room)) {
    yield error('room-percent-encoded', 'room is percent-encoded; a plain name of a-z, 0-9 and - needs no encoding.')
  } else if (STRIPPED.test(room)) {
    yield error(
      'room-characters',
      'room has characters that the client takes out, so that it never equals the room joined.',
    )
  } else if (!/^[\x21-\x7e]*$/.test(room)) {
    yield error('room-not-ascii', 'room is not plain ASCII; the client encodes it, so that it never equals the claim.')
  }
}

/** A pattern is Lua's (string.match), and what it matches has to be the whole name. */
function* patternObjections(pattern: string): Generator<Objection> {
  yield warning('room-pattern', 'room is a Lua pattern; it counts only where the verifier checks the domain too.')
  const traps: [RegExp, string, string][] = [
    [/\\/, 'room-pattern-backslash', 'Lua patterns escape with %, not with a backslash.'],
    [/\|/, 'room-pattern-alternation', 'Lua patterns know no alternatives; | stands for itself.'],
    [/\{\d/, 'room-pattern-count', 'Lua patterns know no counts; {} stand for themselves.'],
    [/\(/, 'room-pattern-capture', 'A capture breaks the match: the captured part is compared with the whole name.'],
    [/(^|[^%[])-/, 'room-pattern-hyphen', 'An unescaped - repeats what stands before it; a hyphen is %-.'],
    [/\.[*+-]/, 'room-pattern-broad', 'It opens every room that merely begins or ends alike; name the one room.'],
    [/^.{129,}$/s, 'room-pattern-long', 'Patterns above 128 characters are refused.'],
  ]
  for (const [trap, code, message] of traps) if (trap.test(pattern)) yield warning(code, message)
  if ((pattern.match(/(?<!%)[*+?-]/g) ?? []).length > 3) {
    yield error('room-pattern-repeats', 'Patterns with more than three repeats are refused.')
  }
}
