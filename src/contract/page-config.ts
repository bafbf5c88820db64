import { type Static, Type } from '@sinclair/typebox'

/** What a consultation page needs to know of the service before anybody signs in. It is public: it contains no secret. */
export const PageConfig = Type.Object(
  {
    brand: Type.Object({
      name: Type.String({ description: 'PAGE_BRAND_NAME' }),
      logoUrl: Type.Optional(Type.String({ description: 'PAGE_LOGO_URL' })),
      color: Type.Optional(Type.String({ description: 'PAGE_COLOR, such as #0a7d5a' })),
    }),
    supportPhone: Type.Optional(Type.String({ description: 'PAGE_SUPPORT_PHONE' })),
    languages: Type.Array(Type.String(), { description: 'PAGE_LANGUAGES; the first is the default' }),
    issuer: Type.Optional(Type.String({ description: 'the identity provider of signed-in users; only with clientId' })),
    clientId: Type.Optional(Type.String({ description: 'the public client of the page at the issuer' })),
    scope: Type.Optional(Type.String({ description: 'the scopes that the page requests at the issuer' })),
    domain: Type.String({ description: 'the host of the meetings' }),
    features: Type.Object(
      {
        drafts: Type.Boolean({ description: 'keys of drafts are available' }),
        invitationMoves: Type.Boolean({ description: 'an invitation may continue in another browser' }),
      },
      { description: 'what this service offers to the page' },
    ),
    emrUrl: Type.Optional(Type.String({ description: 'EMR_DOCUMENTS_URL: where the page posts clinical documents' })),
  },
  { $id: 'PageConfig', description: 'The public configuration of a consultation page.' },
)
export type PageConfig = Static<typeof PageConfig>
