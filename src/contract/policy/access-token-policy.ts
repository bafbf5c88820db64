import { type Static, Type } from '@sinclair/typebox'

const closed = { additionalProperties: false }

const Text = Type.String({ minLength: 1, maxLength: 256 })

/**
 * What tells the access tokens of an issuer from its other tokens, for an issuer that does not set the type `at+jwt`
 * (RFC 9068, section 2.1), such as Keycloak or Microsoft Entra ID. A token must satisfy every condition.
 */
export const AccessTokenPolicy = Type.Object(
  {
    typ: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9!#$&^_.+-]{1,64}(?:/[A-Za-z0-9!#$&^_.+-]{1,64})?$',
        description: 'the header parameter typ of access tokens, a media type',
      }),
    ),
    claim: Type.Optional(
      Type.Object(
        {
          name: Type.String({ minLength: 1, maxLength: 128, description: 'the name of a claim' }),
          values: Type.Array(Text, {
            minItems: 1,
            maxItems: 64,
            uniqueItems: true,
            description: 'a list of 1 to 64 unique values, of which the claim has one',
          }),
        },
        { ...closed, description: '{ name, values }' },
      ),
    ),
    scope: Type.Optional(
      Type.String({
        pattern: '^[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,128}$',
        description: 'a scope that the claim scope or scp of access tokens contains',
      }),
    ),
  },
  { ...closed, minProperties: 1, description: '{ typ?, claim?, scope? } with at least one of them' },
)
export type AccessTokenPolicy = Static<typeof AccessTokenPolicy>

/** The clients of an issuer whose users may sign in, by `azp` or `client_id` (RFC 9068, section 2.2). */
export const Clients = Type.Array(Text, {
  minItems: 1,
  maxItems: 64,
  uniqueItems: true,
  description: 'a list of 1 to 64 unique client ids',
})

/** The prefix of the ids of an issuer's users. No prefix is the start of another one, because each ends at its only colon. */
export const UserIdPrefix = Type.String({
  pattern: '^[a-z0-9][a-z0-9-]{0,30}:$',
  description: '1 to 31 characters of a-z, 0-9 and -, followed by a colon',
})
