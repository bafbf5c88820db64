import { parseInstantMs } from '../time.ts'
import { CONSULTATION_ROOMS, MAX_PATTERN_CHARACTERS, OWN_ROOMS } from '../../contract/policy/policy.ts'
import { meetingFaults } from './meeting-faults.ts'
import { propertiesOf, propertyOf, stringPropertiesOf } from './json-properties.ts'

/**
 * Finds the errors of a policy that its schema cannot express.
 * @param policy the parsed file; it may violate the schema
 * @param allowHttp whether issuers may be reached without TLS
 * @returns one sentence for each error, which begins with its JSON Pointer (RFC 6901)
 */
export function* findPolicyFaults(policy: unknown, allowHttp: boolean): Generator<string> {
  const roles = new Set(propertiesOf(propertyOf(policy, 'roles')).map(([name]) => name))
  yield* lifetimeFaults(policy)
  yield* admissionFaults(policy, roles)
  for (const [name, role] of propertiesOf(propertyOf(policy, 'roles')))
    yield* meetingFaults(`/roles/${name}/meeting`, role)
  yield* callerFaults(policy, roles)
  yield* issuerFaults(policy, roles, allowHttp)
  const requesters = [...propertiesOf(propertyOf(policy, 'callers')), ...propertiesOf(propertyOf(policy, 'issuers'))]
  if (requesters.length === 0) {
    yield '/callers: must contain a caller, unless /issuers contains an issuer; otherwise every request is refused.'
  }
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
    yield '/rooms/template: must contain {timestamp}, {random} or {hash}, so that each consultation has its own room.'
  }
}

function* callerFaults(policy: unknown, roles: ReadonlySet<string>): Generator<string> {
  const ids = new Set<unknown>()
  const hashes = new Set<string>()
  for (const [index, caller] of propertiesOf(propertyOf(policy, 'callers'))) {
    const at = `/callers/${index}`
    const id = propertyOf(caller, 'id')
    if (propertyOf(caller, 'rooms') === OWN_ROOMS)
      yield `${at}/rooms: ${OWN_ROOMS} is only for issuers; for a caller, use ${CONSULTATION_ROOMS} or a pattern.`
    if (id !== undefined && ids.has(id)) yield `${at}/id: is used by another caller; give each caller its own id.`
    ids.add(id)
    for (const [position, role] of stringPropertiesOf(propertyOf(caller, 'roles'))) {
      if (!roles.has(role)) yield `${at}/roles/${position}: names a role that /roles does not define.`
    }
    for (const [position, entry] of propertiesOf(propertyOf(caller, 'apiKeySha256'))) {
      const hash = String(typeof entry === 'string' ? entry : propertyOf(entry, 'sha256')).toLowerCase()
      if (hashes.has(hash))
        yield `${at}/apiKeySha256/${position}: is used by another entry; give each caller its own key.`
      hashes.add(hash)
      yield* validityFaults(`${at}/apiKeySha256/${position}`, entry)
    }
  }
}

/** @param entry an API key, which may have a validity period */
function* validityFaults(at: string, entry: unknown): Generator<string> {
  const times = ['notBefore', 'notAfter'].flatMap((name) => {
    const text = propertyOf(entry, name)
    return typeof text === 'string' ? [{ name, ms: parseInstantMs(text) }] : []
  })
  for (const { name, ms } of times)
    if (Number.isNaN(ms)) yield `${at}/${name}: is not a time; use RFC 3339, for example 2026-11-23T09:00:00Z.`
  const [from, until] = times
  if (from !== undefined && until !== undefined && from.ms >= until.ms)
    yield `${at}/notAfter: must be later than notBefore.`
}

function* issuerFaults(policy: unknown, roles: ReadonlySet<string>, allowHttp: boolean): Generator<string> {
  const issuerUrls = new Set<unknown>()
  for (const [index, issuer] of propertiesOf(propertyOf(policy, 'issuers'))) {
    const at = `/issuers/${index}`
    const issuerUrl = propertyOf(issuer, 'issuer')
    if (propertyOf(issuer, 'rooms') === CONSULTATION_ROOMS)
      yield `${at}/rooms: ${CONSULTATION_ROOMS} is only for callers; for an issuer, use ${OWN_ROOMS} or a pattern.`
    if (issuerUrl !== undefined && issuerUrls.has(issuerUrl))
      yield `${at}/issuer: is used by another issuer; list each issuer once.`
    issuerUrls.add(issuerUrl)
    for (const field of ['issuer', 'jwksUri']) {
      const url = propertyOf(issuer, field)
      if (typeof url === 'string' && url.startsWith('http:') && !allowHttp)
        yield `${at}/${field}: must be an https URL.`
    }
    for (const [claimValue, role] of stringPropertiesOf(propertyOf(issuer, 'roles'))) {
      if (!roles.has(role)) yield `${at}/roles/${escapePointer(claimValue)}: names a role that /roles does not define.`
    }
  }
}

/** Escapes a property name for a JSON Pointer (RFC 6901, section 3). */
const escapePointer = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')

/**
 * Lists the room patterns of a policy, so that each can be compiled and checked. Patterns that are too long are left out:
 * the schema refuses them.
 * @param policy the parsed file; it may violate the schema
 * @returns each pattern with its JSON Pointer
 */
export function patternsOf(policy: unknown): { at: string; pattern: string }[] {
  const roomsOf = (list: 'callers' | 'issuers') =>
    propertiesOf(propertyOf(policy, list)).map(([index, each]) => ({
      at: `/${list}/${index}/rooms`,
      pattern: propertyOf(each, 'rooms'),
    }))
  const candidates = [
    { at: '/rooms/pattern', pattern: propertyOf(propertyOf(policy, 'rooms'), 'pattern') },
    ...[...roomsOf('callers'), ...roomsOf('issuers')].filter(
      ({ pattern }) => pattern !== OWN_ROOMS && pattern !== CONSULTATION_ROOMS,
    ),
  ]
  return candidates.flatMap(({ at, pattern }) =>
    typeof pattern === 'string' && pattern.length <= MAX_PATTERN_CHARACTERS ? [{ at, pattern }] : [],
  )
}
