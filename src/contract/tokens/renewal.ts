import { type Static, Type } from '@sinclair/typebox'
import { TokenText } from './inspection.ts'

/** The body of `POST /api/jitsi/token/renew`. */
export const RenewRequest = Type.Object(
  { token: TokenText },
  {
    $id: 'RenewRequest',
    additionalProperties: false,
    description: 'A token of this service, valid or expired at most 10 minutes ago. It is the credential.',
    examples: [{ token: 'eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl' }],
  },
)
export type RenewRequest = Static<typeof RenewRequest>
