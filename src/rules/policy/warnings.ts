import { DEFAULT_ROOM_TEMPLATE } from '../../contract/policy/admission-policy.ts'
import { CONSULTATION_ROOMS, OWN_ROOMS, type PolicyFile } from '../../contract/policy/policy.ts'
import { compileRoomPattern } from './policy.ts'

/** Names as people make them who think of no guesser: ids and times, nothing of chance. */
const GUESSABLE = [
  'bharattelemed-1042-77-1764000000',
  'bharattelemed-p1042-d77-1764000000',
  'consultation-1',
  'room1',
  'a',
]

/** What is to mind in a policy that is in order: each a sentence. */
export function* policyWarnings(policy: PolicyFile): Generator<string> {
  const pattern = compileRoomPattern(policy.rooms.pattern)
  if (GUESSABLE.some((name) => pattern.test(name))) {
    yield 'rooms.pattern takes names that can be guessed; let room names hold 128 bits of chance, and no id of a patient.'
  }
  yield* roleWarnings(policy)
  yield* issuerWarnings(policy)
  yield* consultationWarnings(policy)
}

function* roleWarnings({ roles }: PolicyFile): Generator<string> {
  for (const [name, { meeting }] of Object.entries(roles)) {
    if (meeting?.mediaPath === 'direct') {
      yield `roles.${name}.meeting.mediaPath tells the network address of the role to whom it meets; relay does not.`
    }
  }
}

/** What weakens the door of consultations, where a policy has one. */
function* consultationWarnings({ rooms, callers = [], issuers = [] }: PolicyFile): Generator<string> {
  const bound = [...callers, ...issuers].some((each) => each.rooms === CONSULTATION_ROOMS || each.rooms === OWN_ROOMS)
  if (!bound) return
  const { template = DEFAULT_ROOM_TEMPLATE } = rooms
  if (!/\{(?:random|hash)\}/.test(template)) {
    yield 'rooms.template gives names that can be guessed, and carries ids of people into URLs; use {random} or {hash}.'
  }
  for (const { id, rooms: where, scopes } of callers) {
    if (where === CONSULTATION_ROOMS || !scopes.includes('tokens:issue')) continue
    yield `callers: ${id} may ask for rooms of consultations at any time, for anybody; give it rooms: ${CONSULTATION_ROOMS}.`
  }
}

function* issuerWarnings({ issuers = [] }: PolicyFile): Generator<string> {
  for (const { issuer, accessToken } of issuers) {
    if (accessToken === undefined) continue
    yield `issuers: access tokens of ${issuer} are recognized by accessToken instead of the type at+jwt (RFC 9068); prefer the type if the issuer can set it.`
  }
}
