import type { Inspection, Objection, TokenSummary } from '../../contract/tokens/inspection.ts'
import type { Deployment } from './deployment.ts'
import { contextObjections, featuresKnownTo, isFeatureValue, isModerator, printableName } from './inspect-context.ts'
import { partyObjections } from './inspect-parties.ts'
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
  /** The room that a person wants to enter, as in the URL of the meeting; without it the room claim is compared with none. */
  room?: string | undefined
  /** Whether white space, quotes or `Bearer` around the token were removed. */
  isUnwrapped?: boolean
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
    ...sizeObjections(facts),
    ...headerObjections(header, facts),
    ...partyObjections(claims, facts.deployment),
    ...accountObjections(claims),
    ...timeObjections(claims, facts.nowMs),
    ...roomObjections(claims, facts.deployment, facts.room),
    ...contextObjections(claims, facts.deployment),
    ...nullObjections({ header, claims }, facts.deployment),
  ]
  const verdict = objections.some(({ severity }) => severity === 'refused') ? 'refused' : 'accepted'
  return { verdict, objections, says: summaryOf(parts, facts.deployment, show) }
}

function* sizeObjections({ characters, isUnwrapped }: TokenFacts): Generator<Objection> {
  if (isUnwrapped === true)
    yield warning(
      'unwrapped',
      'White space, quotes or Bearer around the token were removed; Jitsi does not answer a token that contains them.',
    )
  if (characters > TOO_LARGE_CHARACTERS)
    yield error('too-large', 'The token is larger than 9.5 kB; Jitsi does not answer. Shorten context.user.')
  else if (characters > LARGE_CHARACTERS)
    yield warning('large', 'The token is larger than 8 kB; proxies may truncate the URL that contains it.')
}

function* accountObjections({ admin }: JsonObject): Generator<Objection> {
  if (admin === true)
    yield warning('admin', 'admin is true: the token gives access to the management endpoints of the account.')
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

/** Members for which null makes a verifier throw; it ignores other nulls. */
const NULLS_WITHOUT_ANSWER = new Set(['claims.room', 'claims.context', 'claims.context.user', 'claims.context.group'])

/** Members whose objection to a wrong type covers null. */
const OWN_TYPE_OBJECTIONS = new Set([
  ...['header.typ', 'header.alg', 'claims.aud', 'claims.iss', 'claims.sub', 'claims.exp', 'claims.nbf', 'claims.iat'],
  ...['claims.context.tenant', 'claims.context.room', 'claims.context.features'],
])

function* nullObjections(value: JsonObject, deployment: Deployment, path = ''): Generator<Objection> {
  for (const [name, property] of Object.entries(value)) {
    const at = path === '' ? name : `${path}.${printableName(name)}`
    if (isJsonObject(property)) yield* nullObjections(property, deployment, at)
    if (property !== null) continue
    const member = at.replace(/^(header|claims)\./, '')
    // A shared secret needs no kid.
    const isFatal = NULLS_WITHOUT_ANSWER.has(at) || (at === 'header.kid' && deployment.algorithm === 'RS256')
    if (isFatal) yield error('null', `${member} is null; Jitsi does not answer. Leave it out.`)
    else if (!OWN_TYPE_OBJECTIONS.has(at)) yield warning('null-ignored', `${member} is null; leave it out.`)
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
    moderator: isModerator(user),
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
