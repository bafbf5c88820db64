import { FEATURES, NAME_READONLY } from '../../contract/tokens/features.ts'
import type { Inspection, Objection, TokenSummary } from '../../contract/tokens/inspection.ts'
import type { Deployment } from './deployment.ts'
import { roomObjections } from './inspect-room.ts'
import { error, timeObjections, warning } from './inspect-times.ts'
import type { ParsedToken } from './parse-token.ts'
import { isJsonObject, type JsonObject, objectAt } from '../json.ts'

/** What is known about a token besides its content. */
export type TokenFacts = {
  /** Length of the token. */
  characters: number
  deployment: Deployment
  /** Epoch milliseconds. */
  nowMs: number
  signature: 'valid' | 'invalid' | 'unknown-key'
}

/** Proxies may truncate the URL of a longer token. */
const LARGE_CHARACTERS = 8192

/** Jitsi does not answer a request with a longer token (measured). */
const TOO_LARGE_CHARACTERS = 9500

/** The inspection of a text that is not a token. */
export const NOT_A_TOKEN: Inspection = {
  verdict: 'refused',
  objections: [
    error(
      'not-a-token',
      'The text is not a token. A token has three base64url parts with dots between; the first two contain JSON objects.',
    ),
  ],
  says: {},
}

/**
 * Predicts how Jitsi's verifiers react to a token, from their observed behavior.
 * @param show whether the summary contains personal data; otherwise it is masked
 * @returns the verdict, each objection, and a summary of the token
 */
export function inspect(parts: ParsedToken, facts: TokenFacts, show: boolean): Inspection {
  const { header, claims } = parts
  const objections = [
    ...sizeObjections(facts.characters),
    ...headerObjections(header, facts),
    ...partyObjections(claims, facts.deployment),
    ...timeObjections(claims, facts.nowMs),
    ...roomObjections(claims, facts.deployment.path),
    ...contextObjections(claims, facts.deployment),
    ...nullObjections({ header, claims }),
  ]
  const verdict = objections.some(({ severity }) => severity === 'refused') ? 'refused' : 'accepted'
  return { verdict, objections, says: summaryOf(parts, facts.deployment, show) }
}

function* sizeObjections(characters: number): Generator<Objection> {
  if (characters > TOO_LARGE_CHARACTERS)
    yield error('too-large', 'The token is larger than 9.5 kB; Jitsi does not answer. Shorten context.user.')
  else if (characters > LARGE_CHARACTERS)
    yield warning('large', 'The token is larger than 8 kB; proxies may truncate the URL that contains it.')
}

function* headerObjections({ typ, alg, kid }: JsonObject, { deployment, signature }: TokenFacts): Generator<Objection> {
  if (typ !== 'JWT') yield error('typ', 'typ must be exactly JWT.')
  if (alg !== deployment.algorithm) yield error('alg', `alg must be ${deployment.algorithm}.`)
  if (deployment.algorithm === 'RS256') {
    if (kid === undefined) yield error('kid-missing', 'The header has no kid, so verifiers find no key.')
    else if (typeof kid === 'string' && !kid.startsWith(deployment.kidPrefix)) {
      yield error('kid-foreign', `kid must begin with ${deployment.kidPrefix}; the key belongs to another AppID.`)
    } else if (signature === 'unknown-key') {
      yield error('key-unknown', 'This service does not publish the key that kid names, so verifiers do not find it.')
    }
  }
  // The signature of another algorithm was not checked.
  if (signature === 'invalid' && alg === deployment.algorithm)
    yield error('signature', 'The signature does not match the key and the content of the token.')
}

function* partyObjections(claims: JsonObject, { issuer, audience, subject, kind }: Deployment): Generator<Objection> {
  const { aud, iss, sub } = claims
  if (Array.isArray(aud)) yield error('aud-list', `aud must be the string ${audience}, not a list.`)
  else if (aud !== audience) yield error('aud', `aud must be ${audience}.`)
  if (iss !== issuer) yield error('iss', `iss must be ${issuer}.`)
  if (sub === undefined) yield error('sub-missing', `The token has no sub; set it to ${subject}.`)
  else if (sub !== subject) yield error('sub', `sub must be ${kind === 'jaas' ? 'the AppID ' : ''}${subject}.`)
  if (claims['admin'] === true)
    yield warning('admin', 'admin is true: the token gives access to the management endpoints of the account.')
}

function* contextObjections(claims: JsonObject, deployment: Deployment): Generator<Objection> {
  if (!isJsonObject(claims['context'])) {
    yield warning('context-missing', 'The token has no context: no name and no features, and JaaS reports an error.')
    return
  }
  const { context } = claims
  const { user, features } = context
  if (user !== undefined && user !== null && !isJsonObject(user)) {
    yield error('user-not-an-object', 'context.user must be an object; otherwise Jitsi does not answer.')
  }
  const { moderator } = objectAt(context, 'user')
  if (moderator !== undefined && ![true, false, 'true', 'false', null].includes(moderator as string)) {
    yield warning(
      'moderator',
      'moderator must be true or false; with any other value, such as "True" or 1, the user is not a moderator.',
    )
  }
  if ('moderator' in claims || 'moderator' in context) {
    yield warning('moderator-misplaced', 'moderator has an effect in context.user only.')
  }
  if (!isJsonObject(features)) {
    yield warning(
      'features-missing',
      'The token has no context.features: on JaaS all features are off; on self-hosted Jitsi a moderator has all of them.',
    )
    return
  }
  yield* featureObjections(features, deployment)
}

/** The features that a Jitsi knows. */
const featuresKnownTo = ({ kind }: Deployment): readonly string[] =>
  kind === 'jaas' ? FEATURES : [...FEATURES, NAME_READONLY]

/** Whether a feature has a value that Jitsi understands. Prosody compares name-readonly with the boolean only. */
const isFeatureValue = (name: string, value: unknown): boolean =>
  value === null || typeof value === 'boolean' || (name !== NAME_READONLY && (value === 'true' || value === 'false'))

function* featureObjections(features: JsonObject, deployment: Deployment): Generator<Objection> {
  const known = featuresKnownTo(deployment)
  for (const [name, value] of Object.entries(features)) {
    if (!known.includes(name))
      yield warning('feature-unknown', `${printableName(name)} in context.features is not a feature that Jitsi knows.`)
    else if (!isFeatureValue(name, value)) {
      yield warning('feature-value', `${name} in context.features must be true or false.`)
    }
  }
  if (features['screen-sharing'] === undefined) {
    yield warning(
      'screen-sharing-absent',
      'screen-sharing is missing in context.features, so it is on; set it to true or false.',
    )
  }
}

/** A property name can be any text. Messages repeat only short names of letters, digits, `.`, `_` and `-`. */
const printableName = (name: string): string => (/^[A-Za-z0-9._-]{1,40}$/.test(name) ? name : '(name not shown)')

function* nullObjections(value: JsonObject, path = ''): Generator<Objection> {
  for (const [name, property] of Object.entries(value)) {
    const at = path === '' ? name : `${path}.${printableName(name)}`
    if (property === null)
      yield error('null', `${at.replace(/^(header|claims)\./, '')} is null; Jitsi does not answer. Leave it out.`)
    else if (isJsonObject(property)) yield* nullObjections(property, at)
  }
}

function summaryOf({ header, claims }: ParsedToken, deployment: Deployment, show: boolean): TokenSummary {
  const user = objectAt(objectAt(claims, 'context'), 'user')
  const features = objectAt(objectAt(claims, 'context'), 'features')
  /** Masks personal data: only the first character remains. */
  const mask = (value: unknown) => (typeof value === 'string' && !show ? `${[...value][0] ?? ''}…` : value)
  const fields: Record<string, unknown> = {
    kid: header['kid'],
    room: claims['room'],
    userId: mask(user['id']),
    userName: mask(user['name']),
    userEmail: mask(user['email']),
    notBefore: toTimestamp(claims['nbf']),
    expiresAt: toTimestamp(claims['exp']),
    jti: claims['jti'],
  }
  return {
    ...Object.fromEntries(Object.entries(fields).filter(([, value]) => typeof value === 'string')),
    moderator: user['moderator'] === true || user['moderator'] === 'true',
    features: featuresKnownTo(deployment).filter(
      (name) => isFeatureValue(name, features[name]) && String(features[name]) === 'true',
    ),
  }
}

/** @returns RFC 3339 in UTC, or undefined if the claim is not a time */
function toTimestamp(seconds: unknown): string | undefined {
  const ms = typeof seconds === 'number' ? seconds * 1000 : Number.NaN
  // The range of Date: 100 million days around the epoch (ECMA-262, time values).
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : undefined
}
