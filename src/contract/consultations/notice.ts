import { type Static, Type } from '@sinclair/typebox'
import { enumOf } from '../one-of.ts'
import { timestamp } from '../timestamp.ts'

/** What a moderator can tell those who wait. A page translates the codes. */
const NOTICE_CODES = ['late-5', 'late-10', 'late-20', 'call-clinic'] as const
export type NoticeCode = (typeof NOTICE_CODES)[number]

/** The body of `POST /api/jitsi/consultations/{id}/notice`. */
export const NoticeRequest = Type.Object(
  { code: enumOf(NOTICE_CODES) },
  {
    $id: 'NoticeRequest',
    additionalProperties: false,
    description: 'A notice for those who wait: 5, 10 or 20 minutes late, or a request to call the clinic.',
  },
)
export type NoticeRequest = Static<typeof NoticeRequest>

/** The last notice of a consultation. */
export const Notice = Type.Object(
  { code: enumOf(NOTICE_CODES), at: timestamp('when it was given') },
  { $id: 'Notice', description: 'The last notice of a moderator. A new start removes it.' },
)
export type Notice = Static<typeof Notice>
