import { DEFAULT_ROOM_TEMPLATE } from '../../contract/policy/admission-policy.ts'
import { CONSULTATION_ROOMS, OWN_ROOMS, type PolicyFile } from '../../contract/policy/policy.ts'
import { compileRoomPattern } from './policy.ts'

/** Typical room names that can be guessed: they consist of ids and times, without random parts. */
const GUESSABLE = [
  'bharattelemed-1042-77-1764000000',
  'bharattelemed-p1042-d77-1764000000',
  'consultation-1',
  'room1',
  'a',
]

/** @returns warnings about a valid policy, one sentence each */
export function* policyWarnings(policy: PolicyFile): Generator<string> {
  const pattern = compileRoomPattern(policy.rooms.pattern)
  if (GUESSABLE.some((name) => pattern.test(name))) {
    yield 'rooms.pattern accepts names that can be guessed; use room names with 128 random bits and without patient ids.'
  }
  yield* roleWarnings(policy)
  yield* issuerWarnings(policy)
  yield* consultationWarnings(policy)
}

function* roleWarnings({ roles }: PolicyFile): Generator<string> {
  for (const [name, { meeting }] of Object.entries(roles)) {
    if (meeting?.mediaPath === 'direct') {
      yield `roles.${name}.meeting.mediaPath is direct, which reveals the network address of the role to other participants; relay does not.`
    }
  }
}

/** Warnings about settings that weaken the admission to consultations. */
function* consultationWarnings({ rooms, callers = [], issuers = [] }: PolicyFile): Generator<string> {
  const bound = [...callers, ...issuers].some((each) => each.rooms === CONSULTATION_ROOMS || each.rooms === OWN_ROOMS)
  if (!bound) return
  const { template = DEFAULT_ROOM_TEMPLATE } = rooms
  if (!/\{(?:random|hash)\}/.test(template)) {
    yield 'rooms.template creates names that can be guessed and puts ids of people into URLs; use {random} or {hash}.'
  }
  for (const { id, rooms: callerRooms, scopes } of callers) {
    if (callerRooms === CONSULTATION_ROOMS || !scopes.includes('tokens:issue')) continue
    yield `callers: ${id} may request tokens for rooms of consultations at any time and for any user; give it rooms: ${CONSULTATION_ROOMS}.`
  }
}

function* issuerWarnings({ issuers = [] }: PolicyFile): Generator<string> {
  for (const { issuer, accessToken } of issuers) {
    if (accessToken === undefined) continue
    yield `issuers: access tokens of ${issuer} are recognized by accessToken instead of the type at+jwt (RFC 9068); prefer the type if the issuer can set it.`
  }
}
