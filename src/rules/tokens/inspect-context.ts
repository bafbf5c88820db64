import { FEATURES, NAME_READONLY } from '../../contract/tokens/features.ts'
import type { Objection } from '../../contract/tokens/inspection.ts'
import { isJsonObject, type JsonObject, objectAt } from '../json.ts'
import type { Deployment } from './deployment.ts'
import { error, warning } from './inspect-times.ts'

/** Finds the objections of a verifier to `context`. */
export function* contextObjections(claims: JsonObject, deployment: Deployment): Generator<Objection> {
  const { context } = claims
  // Null has an objection of its own.
  if (context === null) return
  if (context === undefined) {
    yield warning('context-missing', 'The token has no context: no name and no features, and JaaS reports an error.')
    return
  }
  if (!isJsonObject(context)) {
    yield error('context-not-an-object', 'context must be an object; otherwise Jitsi does not answer.')
    return
  }
  yield* typeObjections(context)
  yield* userObjections(objectAt(context, 'user'), deployment)
  if ('moderator' in claims || 'moderator' in context) {
    yield warning('moderator-misplaced', 'moderator has an effect in context.user only.')
  }
  const { features } = context
  if (isJsonObject(features)) yield* featureObjections(features, deployment)
  else
    yield warning(
      'features-missing',
      'The token has no context.features: on JaaS all features are off; on self-hosted Jitsi a moderator has all of them.',
    )
}

/** Members whose type the plugins of Prosody do not check: they throw for another one, and the client waits. */
function* typeObjections({ user, group, tenant, room }: JsonObject): Generator<Objection> {
  if (user !== undefined && user !== null && !isJsonObject(user))
    yield error('user-not-an-object', 'context.user must be an object; otherwise Jitsi does not answer.')
  if (group !== undefined && group !== null && typeof group !== 'string')
    yield error('group-not-a-text', 'context.group must be a string; otherwise Jitsi does not answer.')
  if (tenant !== undefined && typeof tenant !== 'string')
    yield error('tenant-not-a-text', 'context.tenant must be a string; otherwise Jitsi does not answer.')
  if (room !== undefined && !isJsonObject(room))
    yield error('context-room-not-an-object', 'context.room must be an object; otherwise Jitsi does not answer.')
}

/**
 * Characters that XML does not permit (XML 1.0, section 2.2), DEL, noncharacters and lone surrogates. Members of the user are
 * in the presence stanzas of the meeting; Prosody does not send a stanza with such a character.
 */
const NOT_IN_XML = /(?![\t\n\r\x80-\x9f])\p{Cc}|\p{Noncharacter_Code_Point}|\p{Surrogate}/u

/** The values of `context.user.affiliation` that make a moderator (mod_token_affiliation of Prosody). */
const MODERATOR_AFFILIATIONS: ReadonlySet<unknown> = new Set(['owner', 'moderator', 'teacher'])

/** Whether Jitsi treats a user as a moderator. @param user `context.user` */
export const isModerator = ({ moderator, affiliation }: JsonObject): boolean =>
  moderator === true || moderator === 'true' || MODERATOR_AFFILIATIONS.has(affiliation)

function* userObjections(user: JsonObject, { kind }: Deployment): Generator<Objection> {
  for (const [name, value] of Object.entries(user))
    if (typeof value === 'string' && NOT_IN_XML.test(value))
      yield error(
        'user-characters',
        `context.user.${printableName(name)} has control characters or noncharacters; Jitsi does not answer. Remove them.`,
      )
  const { moderator, affiliation } = user
  if (moderator !== undefined && ![true, false, 'true', 'false', null].includes(moderator as string))
    yield warning(
      'moderator',
      'moderator must be true or false; with any other value, such as "True" or 1, the user is not a moderator.',
    )
  if (kind === 'jaas' && MODERATOR_AFFILIATIONS.has(affiliation))
    yield warning('affiliation', 'affiliation is for self-hosted Jitsi; on JaaS set context.user.moderator.')
}

/** The features that a Jitsi knows. */
export const featuresKnownTo = ({ kind }: Deployment): readonly string[] =>
  kind === 'jaas' ? FEATURES : [...FEATURES, NAME_READONLY]

/** Whether a feature has a value that Jitsi understands. Prosody compares name-readonly with the boolean only. */
export const isFeatureValue = (name: string, value: unknown): boolean =>
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
export const printableName = (name: string): string => (/^[A-Za-z0-9._-]{1,40}$/.test(name) ? name : '(name not shown)')
