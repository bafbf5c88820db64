import type { Objection } from '../../contract/tokens/inspection.ts'
import { type JsonObject, objectAt } from '../json.ts'
import type { Deployment } from './deployment.ts'
import { toAsciiLowerCase } from './inspect-parties.ts'
import { patternObjections } from './inspect-room-pattern.ts'
import { error, warning } from './inspect-times.ts'
import { roomNameOfClient } from './room-name-of-client.ts'

/** Characters that Jitsi's client removes from a room name, so that the claim never equals the joined room. */
const REMOVED_CHARACTERS = /[:?#[\]@!$&'()*+,;=></"\s]/

/** The longest name of a room in an address (RFC 7622, section 3.3). */
const MAX_ROOM_BYTES = 1023

/**
 * Finds the objections of a verifier to `room`.
 * @param wanted the room that a person wants to enter, as in the URL of the meeting; it is compared with the claim if given
 */
export function* roomObjections(
  claims: JsonObject,
  deployment: Deployment,
  wanted: string | undefined,
): Generator<Objection> {
  const { room } = claims
  if (room === undefined)
    yield error('room-missing', 'The token names no room; the client receives no answer and waits.')
  // Null has an objection of its own.
  else if (typeof room !== 'string') {
    if (room !== null) yield error('room-not-a-text', 'room must be a string; otherwise Jitsi does not answer.')
  } else if (room === '') yield error('room-empty', 'room is empty, so it equals no room; name the room.')
  else if (Buffer.byteLength(room) > MAX_ROOM_BYTES) {
    yield error('room-too-long', `room has more than ${MAX_ROOM_BYTES} bytes, which no room has; name the room.`)
  } else if (room === '*') yield warning('room-wildcard', 'room is *: the token opens every room. Name one room.')
  else {
    const name = wanted === undefined ? undefined : roomNameOfClient(wanted, deployment.path)
    const { regex } = objectAt(objectAt(claims, 'context'), 'room')
    if (!isTrue(regex)) yield* nameObjections(room, deployment.path, name)
    else if (deployment.verifiesDomain) yield* patternObjections(room, name)
    else {
      yield warning(
        'room-pattern-ignored',
        'Prosody reads room as a pattern only with enable_domain_verification; without it, room is a plain name.',
      )
      yield* nameObjections(room, deployment.path, name)
    }
  }
}

const isTrue = (value: unknown): boolean => value === true || value === 'true'

function* nameObjections(room: string, path: string, wanted: string | undefined): Generator<Objection> {
  const name = toAsciiLowerCase(room)
  if (path !== '' && name.startsWith(path)) {
    yield error('room-prefixed', `room must be the name without the prefix ${path}.`)
    return
  }
  if (room !== name) {
    yield warning(
      'room-upper-case',
      'room has upper-case letters; Jitsi compares in lower case, but other tools may not.',
    )
  }
  const mistake = findMistake(name)
  if (mistake !== undefined) yield mistake
  if (mistake?.severity !== 'refused' && wanted !== undefined && wanted !== name) {
    yield error('room-mismatch', 'room names another room than the given one; the token does not open it.')
  }
}

/** @param name in lower case */
function findMistake(name: string): Objection | undefined {
  if (/%[0-9a-f]{2}/.test(name)) {
    return name === roomNameOfClient(name, '')
      ? warning('room-percent-encoded', 'room is percent-encoded; a plain name of a-z, 0-9 and - needs no encoding.')
      : error(
          'room-percent-encoded',
          'room is percent-encoded in a form that the client does not send, so it never equals the joined room; use a-z, 0-9 and -.',
        )
  }
  if (REMOVED_CHARACTERS.test(name))
    return error(
      'room-characters',
      'room has characters that the client removes, so it never equals the joined room; use a-z, 0-9 and -.',
    )
  if (name === roomNameOfClient(name, '')) return undefined
  return /^[\x20-\x7e]*$/.test(name)
    ? error(
        'room-characters',
        'room has characters that the client encodes, so it never equals the joined room; use a-z, 0-9 and -.',
      )
    : error(
        'room-not-ascii',
        'room is not plain ASCII; the client encodes the name, so it never equals the claim. Use a-z, 0-9 and -.',
      )
}
