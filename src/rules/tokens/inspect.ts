import { FEATURES } from '../../contract/tokens/features.ts'
import type { Inspection, Objection, TokenSummary } from '../../contract/tokens/inspection.ts'
import type { Deployment } from './deployment.ts'
import { roomObjections } from './inspect-room.ts'
import { error, timeObjections, warning } from './inspect-times.ts'
import type { ParsedToken } from './parse-token.ts'
import { isJsonObject, type JsonObject, objectAt } from '../json.ts'

/** What is known of a token beside what it says. */
export type TokenFacts = {
  characters: number
  deployment: Deployment
  nowMs: number
  signature: 'valid' | 'invalid' | 'unknown-key'
}

/** Above this a proxy may cut the URL that carries a token; above the second Jitsi gives no answer (measured). */
const LARGE_CHARACTERS = 8192
const TOO_LARGE_CHARACTERS = 9500

/** The diagnosis of what is no token at all. */
export const NO_TOKEN: Inspection = {
  verdict: 'refused',
  objections: [
    error('not-a-token', 'It is not three parts of base64url with dots between, of which the first two are JSON.'),
  ],
  says: {},
}

/**
 * What a verifier will say to a token, by what Jitsi's verifiers were seen to do.
 * @param show whether personal data is told, or masked
 */
export function inspect(parts: ParsedToken, facts: TokenFacts, show: boolean): Inspection {
  const { header, claims } = parts
  const objections = [
    ...sizeObjections(facts.characters),
    ...headerObjections(header, facts),
    ...partyObjections(claims, facts.deployment),
    ...timeObjections(claims, facts.nowMs),
    ...roomObjections(claims, facts.deployment.path),
    ...contextObjections(claims),
    ...nullObjections({ header, claims }),
  ]
  const verdict = objections.some(({ severity }) => severity === 'refused') ? 'refused' : 'accepted'
  return { verdict, objections, says: summaryOf(parts, show) }
}

function* sizeObjections(characters: number): Generator<Objection> {
  if (characters > TOO_LARGE_CHARACTERS)
    yield error('too-large', 'It is above 9.5 kB; Jitsi gives no answer. Say less in context.user.')
  else if (characters > LARGE_CHARACTERS)
    yield warning('large', 'It is above 8 kB; proxies may cut the URL that carries it.')
}

function* headerObjections({ typ, alg, kid }: JsonObject, { deployment, signature }: TokenFacts): Generator<Objection> {
  if (typ !== 'JWT') yield error('typ', 'typ has to be JWT, to the letter.')
  if (alg !== deployment.algorithm) yield error('alg', `alg has to be ${deployment.algorithm}.`)
  if (deployment.algorithm === 'RS256') {
    const named = typeof kid === 'string'
    if (kid === undefined) yield error('kid-missing', 'It names no kid, so that no key can be found.')
    else if (named && !kid.startsWith(deployment.kidPrefix)) {
      yield error('kid-foreign', `kid has to begin with ${deployment.kidPrefix}: the key is not of this AppID.`)
    } else if (signature === 'unknown-key') {
      yield error(
        'key-unknown',
        'The key that kid names is not published by this service; a verifier will not find it.',
      )
    }
  }
  // Of another algorithm nothing was checked.
  if (signature === 'invalid' && alg === deployment.algorithm)
    yield error('signature', 'The signature is not of that key over these words.')
}

function* partyObjections(claims: JsonObject, { issuer, audience, subject, kind }: Deployment): Generator<Objection> {
  const { aud, iss, sub } = claims
  if (Array.isArray(aud)) yield error('aud-list', `aud has to be the text ${audience}, not a list.`)
  else if (aud !== audience) yield error('aud', `aud has to be ${audience}.`)
  if (iss !== issuer) yield error('iss', `iss has to be ${issuer}.`)
  if (sub === undefined) yield error('sub-missing', 'It has no sub.')
  else if (sub !== subject) yield error('sub', `sub has to be ${kind === 'jaas' ? 'the AppID, ' : ''}${subject}.`)
  if (claims['admin'] === true)
    yield warning('admin', 'admin is true: it opens the management endpoints of the account.')
}

function* contextObjections(claims: JsonObject): Generator<Objection> {
  if (!isJsonObject(claims['context'])) {
    yield warning('context-missing', 'It has no context: no name, no features, and on JaaS an error.')
    return
  }
  const { context } = claims
  const { user, features } = context
  if (user !== undefined && user !== null && !isJsonObject(user)) {
    yield error('user-not-an-object', 'context.user has to be an object; with anything else Jitsi gives no answer.')
  }
  const { moderator } = objectAt(context, 'user')
  if (moderator !== undefined && ![true, false, 'true', 'false', null].includes(moderator as string)) {
    yield warning('moderator', 'moderator has to be true or false; anything else, "True" and 1 too, is a mere member.')
  }
  if ('moderator' in claims || 'moderator' in context) {
    yield warning('moderator-misplaced', 'moderator counts in context.user alone.')
  }
  if (!isJsonObject(features)) {
    yield warning(
      'features-missing',
      'It has no context.features: on JaaS all are off, on self-hosted Jitsi a moderator has all.',
    )
    return
  }
  const known: readonly string[] = FEATURES
  for (const [name, value] of Object.entries(features)) {
    if (!known.includes(name)) yield warning('feature-unknown', `${plain(name)} is no feature that Jitsi knows.`)
    else if (![true, false, 'true', 'false', null].includes(value as string)) {
      yield warning('feature-value', `${name} has to be true or false.`)
    }
  }
  if (features['screen-sharing'] === undefined) {
    yield warning('screen-sharing-absent', 'Without screen-sharing in context.features it is on.')
  }
}

/** Names of members may be anything: only what looks like one is repeated. */
const plain = (name: string): string => (/^[A-Za-z0-9._-]{1,40}$/.test(name) ? name : 'one of the names')

function* nullObjections(value: JsonObject, path = ''): Generator<Objection> {
  for (const [name, member] of Object.entries(value)) {
    const at = path === '' ? name : `${path}.${plain(name)}`
    if (member === null)
      yield error(
        'null',
        `${at.replace(/^(header|claims)\./, '')} is null; Jitsi gives no answer to that. Leave it out.`,
      )
    else if (isJsonObject(member)) yield* nullObjections(member, at)
  }
}

function summaryOf({ header, claims }: ParsedToken, show: boolean): TokenSummary {
  const user = objectAt(objectAt(claims, 'context'), 'user')
  const features = objectAt(objectAt(claims, 'context'), 'features')
  const personal = (value: unknown) => (typeof value === 'string' && !show ? `${[...value][0] ?? ''}…` : value)
  const found: Record<string, unknown> = {
    kid: header['kid'],
    room: claims['room'],
    userId: personal(user['id']),
    userName: personal(user['name']),
    userEmail: personal(user['email']),
    notBefore: timeOf(claims['nbf']),
    expiresAt: timeOf(claims['exp']),
    jti: claims['jti'],
  }
  return {
    ...Object.fromEntries(Object.entries(found).filter(([, value]) => typeof value === 'string')),
    moderator: user['moderator'] === true || user['moderator'] === 'true',
    features: FEATURES.filter((name) => features[name] === true || features[name] === 'true'),
  }
}

function timeOf(seconds: unknown): string | undefined {
  const ms = typeof seconds === 'number' ? seconds * 1000 : Number.NaN
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : undefined
}
