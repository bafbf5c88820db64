import { type Static, Type } from '@sinclair/typebox'

/** A token in a request body. */
export const TokenText = Type.String({
  minLength: 1,
  maxLength: 16_000,
  description: 'a token of 1 to 16000 characters',
})

/** The body of `POST /api/jitsi/token/inspect`. */
export const InspectRequest = Type.Object(
  {
    token: TokenText,
    room: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1200,
        description:
          'the room that a person wants to enter, as in the URL of the meeting; it is compared with the claim',
      }),
    ),
  },
  {
    $id: 'InspectRequest',
    additionalProperties: false,
    description: 'The token to inspect. It is not stored, not logged and not forwarded.',
    examples: [
      { token: 'eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl', room: 'bharattelemed-p1042-d77-1764000000' },
    ],
  },
)
export type InspectRequest = Static<typeof InspectRequest>

const Severity = Type.Unsafe<'refused' | 'warning'>(
  Type.String({
    enum: ['refused', 'warning'],
    description: 'refused: Jitsi refuses the token; warning: the token may not work as intended',
  }),
)

/** A defect of a token. */
export const Objection = Type.Object(
  {
    code: Type.String({ description: 'stable code of the objection' }),
    severity: Severity,
    message: Type.String({ description: 'a sentence for people' }),
  },
  { $id: 'Objection', description: 'A defect of a token.' },
)
export type Objection = Static<typeof Objection>

const optionalText = (description: string) => Type.Optional(Type.String({ description }))

/** The content of a token. Personal data is masked unless the operator requests it in full. */
export const TokenSummary = Type.Object(
  {
    kid: optionalText('id of the key'),
    room: optionalText('room name'),
    userId: optionalText('id of the user, masked'),
    userName: optionalText('display name, masked'),
    userEmail: optionalText('e-mail address, masked'),
    moderator: Type.Optional(Type.Boolean({ description: 'whether Jitsi treats the user as a moderator' })),
    features: Type.Optional(Type.Array(Type.String(), { description: 'enabled features' })),
    notBefore: optionalText('start of validity (RFC 3339)'),
    expiresAt: optionalText('end of validity (RFC 3339)'),
    jti: optionalText('id of the token, also in the audit record'),
  },
  { $id: 'TokenSummary', description: 'The content of a token, with personal data masked.' },
)
export type TokenSummary = Static<typeof TokenSummary>

/** The diagnosis of a token. */
export const Inspection = Type.Object(
  {
    verdict: Type.Unsafe<'accepted' | 'refused'>(
      Type.String({
        enum: ['accepted', 'refused'],
        description: 'whether Jitsi accepts the token',
      }),
    ),
    objections: Type.Array(Type.Unsafe<Objection>(Type.Ref('Objection'))),
    says: Type.Unsafe<TokenSummary>(Type.Ref('TokenSummary')),
  },
  {
    $id: 'Inspection',
    description: 'The diagnosis of a token: why Jitsi refuses it, if it does.',
    examples: [
      {
        verdict: 'refused',
        objections: [
          { code: 'expired', severity: 'refused', message: 'The token expired 12 minutes ago; request a new one.' },
        ],
        says: { room: 'bharattelemed-p1042-d77-1764000000', userId: 'd…', moderator: true },
      },
    ],
  },
)
export type Inspection = Static<typeof Inspection>
