import { Type } from '@sinclair/typebox'

/** The template for the room names of consultations. */
export const RoomTemplate = Type.String({
  pattern: '^(?:[a-z0-9-]|\\{(?:patientId|doctorId|timestamp|random|hash)\\})+$',
  maxLength: 128,
  description:
    'at most 128 characters of a-z, 0-9 and - around {patientId}, {doctorId}, {timestamp}, {random} and {hash}',
})

const WindowMinutes = Type.Integer({
  minimum: 0,
  maximum: 1440,
  description: 'a whole number of minutes from 0 to 1440',
})

/** The admission window of consultations: when participants may enter. */
export const AdmissionWindow = Type.Object(
  {
    minutesBefore: Type.Optional(Type.Record(Type.String(), WindowMinutes, { description: '{ role: minutes, … }' })),
    graceMinutes: Type.Optional(WindowMinutes),
  },
  { additionalProperties: false, description: '{ minutesBefore?, graceMinutes? }' },
)

/** The room template if the policy does not define one. */
export const DEFAULT_ROOM_TEMPLATE = 'bharattelemed-{patientId}-{doctorId}-{timestamp}'

/**
 * The admission window if the policy does not define one, in minutes: how long before the start each role and all other
 * roles may enter, and how long after the end entering stays possible.
 */
export const DEFAULT_ADMISSION_WINDOW = {
  minutesBefore: { doctor: 30, patient: 15 },
  otherMinutesBefore: 15,
  graceMinutes: 30,
}
