import { type Static, Type } from '@sinclair/typebox'
import { DisplayName } from '../person.ts'

const DISPLAY_RULE = DisplayName.description ?? ''
const text = (what: string) => Type.Optional(Type.String({ ...DisplayName, description: `${what}: ${DISPLAY_RULE}` }))

/** Who treats, and whom to call: what a participant sees before the meeting. */
export const Card = Type.Object(
  {
    doctorName: text('the name of the doctor'),
    qualification: text('the qualification of the doctor'),
    registrationNumber: text('the registration number of the doctor'),
    organisation: text('the organisation'),
    supportPhone: Type.Optional(
      Type.String({
        pattern: '^\\+?[0-9][0-9 ()./-]{1,30}[0-9]$',
        description: 'a phone number of 3 to 33 characters: digits, spaces and ( ) . / -, after an optional +',
      }),
    ),
  },
  {
    $id: 'Card',
    additionalProperties: false,
    description: 'Who treats, and whom to call. Everybody who takes part sees it; {} removes it.',
  },
)
export type Card = Static<typeof Card>
