import { DEFAULT_ROOM_TEMPLATE } from '../../contract/policy/admission-policy.ts'
import { CONSULTATION_ROOMS, OWN_ROOMS, type PolicyFile } from '../../contract/policy/policy.ts'
import { compileRoomPattern } from './policy.ts'

/** Typical room names that can be guessed: they contain ids and times, and nothing random. */
const GUESSABLE = [
  'bharattelemed-1042-77-1764000000',
  'bharattelemed-p1042-d77-1764000000',
  'consultation-1',
  'room1',
  'a',
]

/**
 * Finds weak points of a valid policy.
 * @param policy a checked policy file
 * @returns one sentence for each warning
 */
export function* policyWarnings(policy: PolicyFile): Generator<string> {
  const pattern = compileRoomPattern(policy.rooms.pattern)
  if (GUESSABLE.some((name) => pattern.test(name))) {
    yield 'rooms.pattern allows room names that can be guessed; use names with 128 random bits and without patient ids.'
  }
  yield* roleWarnings(policy)
  yield* consultationWarnings(policy)
}

function* roleWarnings({ roles }: PolicyFile): Generator<string> {
  for (const [name, { meeting }] of Object.entries(roles)) {
    if (meeting?.mediaPath === 'direct') {
      yield `roles.${name}.meeting.mediaPath shows the network address of the role to the other participant; relay hides it.`
    }
  }
}

/** Warnings about admission to consultations, for policies that use them. */
function* consultationWarnings({ rooms, callers = [], issuers = [] }: PolicyFile): Generator<string> {
  const usesConsultations = [...callers, ...issuers].some(
    (each) => each.rooms === CONSULTATION_ROOMS || each.rooms === OWN_ROOMS,
  )
  if (!usesConsultations) return
  const { template = DEFAULT_ROOM_TEMPLATE } = rooms
  if (!/\{(?:random|hash)\}/.test(template)) {
    yield 'rooms.template creates room names that can be guessed and can put personal ids into URLs; use {random} or {hash}.'
  }
  for (const { id, rooms: allowedRooms, scopes } of callers) {
    if (allowedRooms === CONSULTATION_ROOMS || !scopes.includes('tokens:issue')) continue
    yield `callers: ${id} may request tokens for anyone at any time, also in rooms of consultations; set its rooms to ${CONSULTATION_ROOMS}.`
  }
  const ownRoomIssuers = issuers.filter((each) => each.rooms === OWN_ROOMS)
  const rolesByIssuer = ownRoomIssuers.flatMap(({ roles }) => [...new Set(Object.values(roles))])
  if (new Set(rolesByIssuer).size < rolesByIssuer.length) {
    yield 'issuers: several issuers use the same role; users with the same id at two of them are treated as one participant.'
  }
}
