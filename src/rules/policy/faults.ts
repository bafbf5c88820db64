import { explainTime, parseInstantMs } from '../time.ts'
import { CONSULTATION_ROOMS, MAX_PATTERN_CHARACTERS, OWN_ROOMS } from '../../contract/policy/policy.ts'
import { meetingFaults } from './meeting-faults.ts'
import { propertyOf, propertiesOf, textsOf } from './json-properties.ts'

/**
 * Finds the errors of a policy that its schema does not express.
 * @param policy the parsed file, which may violate the schema
 * @param allowHttp whether issuers may have http URLs
 * @returns sentences that begin with the path of the error (RFC 6901)
 */
export function* findPolicyFaults(policy: unknown, allowHttp: boolean): Generator<string> {
  const roles = new Set(propertiesOf(propertyOf(policy, 'roles')).map(([name]) => name))
  yield* lifetimeFaults(policy)
  yield* admissionFaults(policy, roles)
  for (const [name, role] of propertiesOf(propertyOf(policy, 'roles')))
    yield* meetingFaults(`/roles/${name}/meeting`, role)
  yield* callerFaults(policy, roles)
  yield* issuerFaults(policy, roles, allowHttp)
  yield* userIdFaults(policy)
  const clients = [...propertiesOf(propertyOf(policy, 'callers')), ...propertiesOf(propertyOf(policy, 'issuers'))]
  if (clients.length === 0)
    yield '/callers: add a caller, or an issuer to /issuers; otherwise every request is refused.'
}

function* lifetimeFaults(policy: unknown): Generator<string> {
  for (const [name, role] of propertiesOf(propertyOf(policy, 'roles'))) {
    const lifetime = propertyOf(role, 'lifetimeMinutes')
    if (Number(propertyOf(lifetime, 'default')) > Number(propertyOf(lifetime, 'max'))) {
      yield `/roles/${name}/lifetimeMinutes/default: must be at most max.`
    }
  }
}

function* admissionFaults(policy: unknown, roles: ReadonlySet<string>): Generator<string> {
  for (const [role] of propertiesOf(propertyOf(propertyOf(policy, 'window'), 'minutesBefore'))) {
    if (!roles.has(role))
      yield `/window/minutesBefore/${escapePointer(role)}: names a role that /roles does not define.`
  }
  const template = propertyOf(propertyOf(policy, 'rooms'), 'template')
  if (typeof template === 'string' && !/\{(?:timestamp|random|hash)\}/.test(template)) {
    yield '/rooms/template: must contain {timestamp}, {random} or {hash}; otherwise two consultations of the same people share a room.'
  }
}

function* callerFaults(policy: unknown, roles: ReadonlySet<string>): Generator<string> {
  const ids = new Set<unknown>()
  const hashes = new Set<string>()
  for (const [index, caller] of propertiesOf(propertyOf(policy, 'callers'))) {
    const at = `/callers/${index}`
    const id = propertyOf(caller, 'id')
    if (propertyOf(caller, 'rooms') === OWN_ROOMS) yield `${at}/rooms: own is for issuers; use ${CONSULTATION_ROOMS}.`
    if (id !== undefined && ids.has(id)) yield `${at}/id: is used by another caller; give each caller an id of its own.`
    ids.add(id)
    for (const [position, role] of textsOf(propertyOf(caller, 'roles'))) {
      if (!roles.has(role)) yield `${at}/roles/${position}: names a role that /roles does not define.`
    }
    for (const [position, entry] of propertiesOf(propertyOf(caller, 'apiKeySha256'))) {
      const hash = String(typeof entry === 'string' ? entry : propertyOf(entry, 'sha256')).toLowerCase()
      if (hashes.has(hash))
        yield `${at}/apiKeySha256/${position}: is used by another entry; give each caller a key of its own.`
      hashes.add(hash)
      yield* timeFaults(`${at}/apiKeySha256/${position}`, entry)
    }
  }
}

function* timeFaults(at: string, entry: unknown): Generator<string> {
  const times = ['notBefore', 'notAfter'].flatMap((name) => {
    const text = propertyOf(entry, name)
    return typeof text === 'string' ? [{ name, text, ms: parseInstantMs(text) }] : []
  })
  for (const { name, text, ms } of times) if (Number.isNaN(ms)) yield `${at}/${name}: ${explainTime(text)}.`
  const [from, until] = times
  if (from !== undefined && until !== undefined && from.ms >= until.ms)
    yield `${at}/notAfter: must be later than notBefore.`
}

function* issuerFaults(policy: unknown, roles: ReadonlySet<string>, allowHttp: boolean): Generator<string> {
  const names = new Set<unknown>()
  for (const [index, issuer] of propertiesOf(propertyOf(policy, 'issuers'))) {
    const at = `/issuers/${index}`
    const name = propertyOf(issuer, 'issuer')
    if (propertyOf(issuer, 'rooms') === CONSULTATION_ROOMS)
      yield `${at}/rooms: ${CONSULTATION_ROOMS} is for callers; use ${OWN_ROOMS}.`
    if (name !== undefined && names.has(name)) yield `${at}/issuer: is used by another issuer; list each issuer once.`
    names.add(name)
    for (const field of ['issuer', 'jwksUri']) {
      const url = propertyOf(issuer, field)
      if (typeof url === 'string' && url.startsWith('http:') && !allowHttp)
        yield `${at}/${field}: must be an https URL.`
    }
    for (const [value, role] of textsOf(propertyOf(issuer, 'roles'))) {
      if (!roles.has(role)) yield `${at}/roles/${escapePointer(value)}: names a role that /roles does not define.`
    }
  }
}

/** Each issuer numbers its users itself, so users of several issuers need prefixes. */
function* userIdFaults(policy: unknown): Generator<string> {
  const issuers = propertiesOf(propertyOf(policy, 'issuers'))
  const prefixes = new Set<unknown>()
  for (const [index, issuer] of issuers) {
    const at = `/issuers/${index}/userIdPrefix`
    const prefix = propertyOf(issuer, 'userIdPrefix')
    if (prefix === undefined && issuers.length > 1)
      yield `${at}: is required with several issuers, because the same sub of two issuers would be one participant.`
    if (prefix !== undefined && prefixes.has(prefix)) yield `${at}: is used by another issuer.`
    prefixes.add(prefix)
    const typ = propertyOf(propertyOf(issuer, 'accessToken'), 'typ')
    if (typeof typ === 'string' && ['jwt', 'application/jwt'].includes(typ.toLowerCase()))
      yield `/issuers/${index}/accessToken/typ: does not tell access tokens from other tokens; name a claim or a scope.`
  }
}

/** Escapes a property name for a JSON Pointer (RFC 6901, section 3). */
const escapePointer = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')

/** @returns the room patterns of a policy with their paths, except those that are too long */
export function patternsOf(policy: unknown): { at: string; pattern: string }[] {
  const ofAll = (list: string) =>
    propertiesOf(propertyOf(policy, list)).map(([index, each]) => ({
      at: `/${list}/${index}/rooms`,
      pattern: propertyOf(each, 'rooms'),
    }))
  const found = [
    { at: '/rooms/pattern', pattern: propertyOf(propertyOf(policy, 'rooms'), 'pattern') },
    ...[...ofAll('callers'), ...ofAll('issuers')].filter(
      ({ pattern }) => pattern !== OWN_ROOMS && pattern !== CONSULTATION_ROOMS,
    ),
  ]
  return found.flatMap(({ at, pattern }) =>
    typeof pattern === 'string' && pattern.length <= MAX_PATTERN_CHARACTERS ? [{ at, pattern }] : [],
  )
}
