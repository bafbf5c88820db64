import { type Static, Type } from '@sinclair/typebox'
import { FEATURES } from './features.ts'
import { MAX_LIFETIME_MINUTES, MIN_LIFETIME_MINUTES } from './token.ts'

/** What a caller may be allowed to do. */
const SCOPES = ['tokens:issue'] as const
export type Scope = (typeof SCOPES)[number]

const oneOf = <T extends string>(words: readonly T[]) =>
  Type.Union(
    words.map((word) => Type.Literal(word)),
    { description: `one of ${words.join(', ')}` },
  )

const closed = { additionalProperties: false }

const Minutes = Type.Integer({
  minimum: MIN_LIFETIME_MINUTES,
  maximum: MAX_LIFETIME_MINUTES,
  description: `a whole number of minutes from ${MIN_LIFETIME_MINUTES} to ${MAX_LIFETIME_MINUTES}`,
})

/** The longest pattern that a policy may hold. */
export const MAX_PATTERN_CHARACTERS = 256

const Pattern = Type.String({
  minLength: 1,
  maxLength: MAX_PATTERN_CHARACTERS,
  description: 'a regular expression of 1 to 256 characters, read with the u flag and held against the whole name',
})

/** What a role grants. */
export const RolePolicy = Type.Object(
  {
    moderator: Type.Boolean({ description: 'true or false' }),
    lifetimeMinutes: Type.Object({ default: Minutes, max: Minutes }, { ...closed, description: '{ default, max }' }),
    features: Type.Array(oneOf(FEATURES), { uniqueItems: true, description: 'a list of features, each once' }),
    shareEmail: Type.Optional(Type.Boolean({ description: 'true or false' })),
  },
  { ...closed, description: '{ moderator, lifetimeMinutes, features, shareEmail? }' },
)
export type RolePolicy = Static<typeof RolePolicy>

/** A backend that may ask, known by the hashes of its API keys. */
export const CallerPolicy = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,63}$', description: '1 to 64 characters of a-z, 0-9 and -' }),
    apiKeySha256: Type.Array(
      Type.String({ pattern: '^[0-9A-Fa-f]{64}$', description: '64 hex digits, as the command api-key prints them' }),
      { minItems: 1, maxItems: 16, uniqueItems: true, description: 'a list of 1 to 16 hashes, each once' },
    ),
    roles: Type.Array(Type.String({ description: 'the name of a role' }), {
      minItems: 1,
      uniqueItems: true,
      description: 'a list of roles, each once',
    }),
    rooms: Type.Optional(Pattern),
    scopes: Type.Array(oneOf(SCOPES), { minItems: 1, uniqueItems: true, description: 'a list of scopes, each once' }),
  },
  { ...closed, description: '{ id, apiKeySha256, roles, rooms?, scopes }' },
)
export type CallerPolicy = Static<typeof CallerPolicy>

/** The policy file: which rooms exist, what roles grant, who may ask. */
export const PolicyFile = Type.Object(
  {
    rooms: Type.Object({ pattern: Pattern }, { ...closed, description: '{ pattern }' }),
    roles: Type.Record(Type.String({ pattern: '^[a-z][a-z0-9-]{0,31}$' }), RolePolicy, {
      ...closed,
      minProperties: 1,
      description: 'at least one role, named by 1 to 32 characters of a-z, 0-9 and -, a letter first',
    }),
    callers: Type.Array(CallerPolicy, { minItems: 1, description: 'a list of at least one caller' }),
  },
  { ...closed, description: '{ rooms, roles, callers }' },
)
export type PolicyFile = Static<typeof PolicyFile>

/** The policy without a file, but for its callers: there are none until somebody names them. */
export const BUILT_IN_POLICY: Omit<PolicyFile, 'callers'> = {
  rooms: { pattern: '^bharattelemed-[a-z0-9]+(?:-[a-z0-9]+)*$' },
  roles: {
    doctor: {
      moderator: true,
      lifetimeMinutes: { default: 90, max: 240 },
      features: ['recording', 'transcription', 'screen-sharing', 'file-upload', 'send-groupchat', 'create-polls'],
      shareEmail: false,
    },
    patient: {
      moderator: false,
      lifetimeMinutes: { default: 90, max: 120 },
      features: ['send-groupchat'],
      shareEmail: false,
    },
  },
}
