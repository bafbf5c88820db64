import { type Static, Type } from '@sinclair/typebox'

/** A token as it is presented in a body. */
export const TokenText = Type.String({
  minLength: 1,
  maxLength: 16_000,
  description: 'a token, of 1 to 16000 characters',
})

/** The body of `POST /api/jitsi/token/inspect`. */
export const InspectRequest = Type.Object(
  { token: TokenText },
  {
    $id: 'InspectRequest',
    additionalProperties: false,
    description: 'A token to be looked at. It is not kept, not logged and not passed on.',
    examples: [{ token: 'eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl' }],
  },
)
export type InspectRequest = Static<typeof InspectRequest>

const Severity = Type.Unsafe<'refused' | 'warning'>(
  Type.String({
    enum: ['refused', 'warning'],
    description: 'refused: a verifier will not let it in; warning: it does something other than it seems to',
  }),
)

/** What is wrong with a token. */
export const Objection = Type.Object(
  {
    code: Type.String({ description: 'names the objection' }),
    severity: Severity,
    message: Type.String({ description: 'a sentence for a person' }),
  },
  { $id: 'Objection', description: 'What is wrong with a token.' },
)
export type Objection = Static<typeof Objection>

const optionalText = (description: string) => Type.Optional(Type.String({ description }))

/** What a token says, with personal data masked unless it was asked for. */
export const TokenSummary = Type.Object(
  {
    kid: optionalText('which key it names'),
    room: optionalText('for which room'),
    userId: optionalText('for whom'),
    userName: optionalText('under which name'),
    userEmail: optionalText('with which e-mail'),
    moderator: Type.Optional(Type.Boolean({ description: 'whether Jitsi takes the user for a moderator' })),
    features: Type.Optional(Type.Array(Type.String(), { description: 'which features are on' })),
    notBefore: optionalText('from when, ISO 8601'),
    expiresAt: optionalText('until when, ISO 8601'),
    jti: optionalText('under which id it is in the record'),
  },
  { $id: 'TokenSummary', description: 'What a token says, with personal data masked.' },
)
export type TokenSummary = Static<typeof TokenSummary>

/** The diagnosis of a token. */
export const Inspection = Type.Object(
  {
    verdict: Type.Unsafe<'accepted' | 'refused'>(
      Type.String({
        enum: ['accepted', 'refused'],
        description: 'what the verifier will do, as far as the token goes',
      }),
    ),
    objections: Type.Array(Type.Unsafe<Objection>(Type.Ref('Objection'))),
    says: Type.Unsafe<TokenSummary>(Type.Ref('TokenSummary')),
  },
  {
    $id: 'Inspection',
    description: 'Why a token is refused, if it is.',
    examples: [
      {
        verdict: 'refused',
        objections: [
          { code: 'expired', severity: 'refused', message: 'It expired 12 minutes ago; ask for a new one.' },
        ],
        says: { room: 'bharattelemed-p1042-d77-1764000000', userId: 'd…', moderator: true },
      },
    ],
  },
)
export type Inspection = Static<typeof Inspection>
