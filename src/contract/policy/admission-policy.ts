import { Type } from '@sinclair/typebox'

/** How rooms of consultations are named. */
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

/** When the door of a consultation is open. */
export const Window = Type.Object(
  {
    minutesBefore: Type.Optional(Type.Record(Type.String(), WindowMinutes, { description: '{ role: minutes, … }' })),
    graceMinutes: Type.Optional(WindowMinutes),
  },
  { additionalProperties: false, description: '{ minutesBefore?, graceMinutes? }' },
)

/** How rooms of consultations are named where the policy does not say. */
export const DEFAULT_ROOM_TEMPLATE = 'bharattelemed-{patientId}-{doctorId}-{timestamp}'

/** How long before the beginning the door opens, by role, and for the others; how long after the end it stays open. */
export const DEFAULT_WINDOW = { minutesBefore: { doctor: 30, patient: 15 }, otherMinutesBefore: 15, graceMinutes: 30 }
