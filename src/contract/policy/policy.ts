import { type Static, Type } from '@sinclair/typebox'
import { FEATURES } from '../tokens/features.ts'
import { TIMESTAMP_PATTERN } from '../timestamp.ts'
import { AccessTokenPolicy, Clients, UserIdPrefix } from './access-token-policy.ts'
import { AdmissionWindow, RoomTemplate } from './admission-policy.ts'
import { oneOf } from '../one-of.ts'
import { RoleMeeting } from './meeting-policy.ts'
import { MAX_LIFETIME_MINUTES, MIN_LIFETIME_MINUTES } from '../tokens/token.ts'

/** The scopes that the policy can grant to a caller. */
const SCOPES = [
  'tokens:issue',
  'tokens:inspect',
  'tokens:revoke',
  'consultations:read',
  'consultations:write',
  'audit:read',
] as const

/** What a caller may do. Signed-in users of an issuer with `rooms: own` also have `consultations:attend`. */
export type Scope = (typeof SCOPES)[number] | 'consultations:attend'

const closed = { additionalProperties: false }

const Minutes = Type.Integer({
  minimum: MIN_LIFETIME_MINUTES,
  maximum: MAX_LIFETIME_MINUTES,
  description: `a whole number of minutes from ${MIN_LIFETIME_MINUTES} to ${MAX_LIFETIME_MINUTES}`,
})

/** The maximum length of a regular expression in a policy. */
export const MAX_PATTERN_CHARACTERS = 256

const Pattern = Type.String({
  minLength: 1,
  maxLength: MAX_PATTERN_CHARACTERS,
  description: 'a regular expression of 1 to 256 characters, with the u flag, that matches whole room names',
})

/** What a role grants. */
export const RolePolicy = Type.Object(
  {
    moderator: Type.Boolean({ description: 'true or false' }),
    lifetimeMinutes: Type.Object({ default: Minutes, max: Minutes }, { ...closed, description: '{ default, max }' }),
    features: Type.Array(oneOf(FEATURES), { uniqueItems: true, description: 'a list of unique features' }),
    shareEmail: Type.Optional(Type.Boolean({ description: 'true or false' })),
    nameReadonly: Type.Optional(Type.Boolean({ description: 'true or false' })),
    meeting: Type.Optional(RoleMeeting),
  },
  { ...closed, description: '{ moderator, lifetimeMinutes, features, shareEmail?, nameReadonly?, meeting? }' },
)
export type RolePolicy = Static<typeof RolePolicy>

const Sha256 = Type.String({ pattern: '^[0-9A-Fa-f]{64}$' })

const Instant = Type.String({ pattern: TIMESTAMP_PATTERN })

const ApiKeyHash = Type.Union(
  [
    Sha256,
    Type.Object({ sha256: Sha256, notBefore: Type.Optional(Instant), notAfter: Type.Optional(Instant) }, closed),
  ],
  {
    description:
      '64 hex digits, the output of the command api-key, or { sha256, notBefore?, notAfter? } with times such as 2026-11-23T09:00:00Z',
  },
)
export type ApiKeyHash = Static<typeof ApiKeyHash>

/** The value of `rooms` for a caller that may request tokens only for participants of consultations. */
export const CONSULTATION_ROOMS = 'consultations'

/** A backend that may send requests. The hashes of its API keys identify it. */
export const CallerPolicy = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,63}$', description: '1 to 64 characters of a-z, 0-9 and -' }),
    apiKeySha256: Type.Array(ApiKeyHash, {
      minItems: 1,
      maxItems: 16,
      uniqueItems: true,
      description: 'a list of 1 to 16 unique hashes',
    }),
    roles: Type.Array(Type.String({ description: 'the name of a role' }), {
      minItems: 1,
      uniqueItems: true,
      description: 'a list of one or more unique roles',
    }),
    rooms: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: MAX_PATTERN_CHARACTERS,
        description: `${CONSULTATION_ROOMS}, or a regular expression of 1 to ${MAX_PATTERN_CHARACTERS} characters, with the u flag, that matches whole room names`,
      }),
    ),
    lifetimeMinutes: Type.Optional(Type.Object({ max: Minutes }, { ...closed, description: '{ max }' })),
    ratePerMinute: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'a whole number from 1 to 1000000' }),
    ),
    scopes: Type.Array(oneOf(SCOPES), {
      minItems: 1,
      uniqueItems: true,
      description: 'a list of one or more unique scopes',
    }),
  },
  { ...closed, description: '{ id, apiKeySha256, roles, rooms?, lifetimeMinutes?, ratePerMinute?, scopes }' },
)
export type CallerPolicy = Static<typeof CallerPolicy>

/** The accepted signature algorithms of access tokens. All are asymmetric. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const

const Url = Type.String({ pattern: '^https?://[^\\s?#]+$', maxLength: 512, description: 'an https URL' })
const Claim = Type.String({
  minLength: 1,
  maxLength: 128,
  description: 'the name of a claim, or a path such as realm_access.roles',
})

/** An identity provider. Its signed-in users may request tokens for themselves. */
export const IssuerPolicy = Type.Object(
  {
    issuer: Url,
    audience: Type.String({
      minLength: 1,
      maxLength: 256,
      description: 'the required audience of access tokens, 1 to 256 characters',
    }),
    algorithms: Type.Array(oneOf(ALGORITHMS), {
      minItems: 1,
      uniqueItems: true,
      description: 'a list of one or more unique algorithms',
    }),
    jwksUri: Type.Optional(Url),
    accessToken: Type.Optional(AccessTokenPolicy),
    clients: Type.Optional(Clients),
    userIdPrefix: Type.Optional(UserIdPrefix),
    requiredAcr: Type.Optional(
      Type.Array(Type.String({ pattern: '^[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,128}$' }), {
        minItems: 1,
        description: 'a list of one or more acr values without spaces, quotes and backslashes',
      }),
    ),
    roleClaim: Claim,
    roles: Type.Record(Type.String(), Type.String(), { minProperties: 1, description: '{ claim value: role, … }' }),
    nameClaim: Claim,
    rooms: Type.String({
      minLength: 1,
      maxLength: MAX_PATTERN_CHARACTERS,
      description: `own, or a regular expression of 1 to ${MAX_PATTERN_CHARACTERS} characters`,
    }),
  },
  {
    ...closed,
    description:
      '{ issuer, audience, algorithms, jwksUri?, accessToken?, clients?, userIdPrefix?, requiredAcr?, roleClaim, roles, nameClaim, rooms }',
  },
)
export type IssuerPolicy = Static<typeof IssuerPolicy>

/** The value of `rooms` for an issuer whose users may enter only the consultations in which they participate. */
export const OWN_ROOMS = 'own'

/** The policy file: which rooms exist, what each role grants, and which callers and issuers may send requests. */
export const PolicyFile = Type.Object(
  {
    rooms: Type.Object(
      { pattern: Pattern, template: Type.Optional(RoomTemplate) },
      { ...closed, description: '{ pattern, template? }' },
    ),
    window: Type.Optional(AdmissionWindow),
    roles: Type.Record(Type.String({ pattern: '^[a-z][a-z0-9-]{0,31}$' }), RolePolicy, {
      ...closed,
      minProperties: 1,
      description: 'at least one role, with names of 1 to 32 characters of a-z, 0-9 and -, a letter first',
    }),
    callers: Type.Optional(Type.Array(CallerPolicy, { description: 'a list of callers' })),
    issuers: Type.Optional(Type.Array(IssuerPolicy, { description: 'a list of issuers' })),
  },
  { ...closed, description: '{ rooms, window?, roles, callers?, issuers? }' },
)
export type PolicyFile = Static<typeof PolicyFile>

/** The policy without a file. It has no callers and no issuers, so every request is refused. */
export const BUILT_IN_POLICY: PolicyFile = {
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
