import { Type } from '@sinclair/typebox'
import { default as calendar, ICalCalendarMethod, ICalEventStatus } from 'ical-generator'
import type { Refusal } from '../../contract/problem.ts'
import type { Appointment } from '../../rules/consultations/consultation.ts'
import type { Requester } from '../../service/requester.ts'
import type { App } from '../server/app-type.ts'
import type { VisitorGuards } from './visitor.ts'
import { byScopeOrCookie, ConsultationPath, CONSULTATIONS_PATH } from './consultation-schema.ts'
import { sendProblem } from '../server/problems.ts'
import { listProblems } from '../server/route-problems.ts'
import { requesterOf } from '../server/requester.ts'

/** What the route needs: the guards and the use case. */
export type CalendarRoute = VisitorGuards & {
  /** The base URL of the page where participants join; without it an appointment has no link. */
  publicUrl: string | undefined
  readAppointment(requester: Requester, id: string): Promise<Appointment | Refusal>
}

const MEDIA_TYPE = 'text/calendar; charset=utf-8'

/** Adds `GET /api/jitsi/consultations/{id}/calendar.ics`. */
export function addCalendar(
  app: App,
  { authenticateVisitor, limitCaller, publicUrl, readAppointment }: CalendarRoute,
): void {
  app.get(
    `${CONSULTATIONS_PATH}/:id/calendar.ics`,
    {
      config: { action: 'consultation.read', problems: listProblems(['visitor'], ['consultation-not-found']) },
      preParsing: [authenticateVisitor('consultations:read', 'consultations:attend'), limitCaller],
      schema: {
        operationId: 'readCalendar',
        summary: 'Read the appointment as iCalendar',
        description:
          'Requires the scope consultations:read, a signed-in participant, or the cookie of one. The appointment has a time and a link; it contains no name, no role and no user id.',
        ...byScopeOrCookie('consultations:read'),
        params: ConsultationPath,
        response: {
          200: {
            description: 'The appointment (RFC 5545)',
            headers: { 'content-disposition': { type: 'string', description: 'a file name that ends in .ics' } },
            content: { 'text/calendar': { schema: Type.Unsafe<string>(Type.String()) } },
          },
        },
      },
    },
    async (request, reply) => {
      const found = await readAppointment(requesterOf(request), request.params.id)
      if ('code' in found) return sendProblem(request, reply, found)
      // The file name (RFC 6266) makes a browser offer the calendar application.
      reply.header('content-disposition', `attachment; filename="consultation-${found.id}.ics"`)
      return reply.type(MEDIA_TYPE).send(toCalendar(found, publicUrl))
    },
  )
}

const SUMMARY = 'Video consultation'

/**
 * The organizer, which PUBLISH and CANCEL require (RFC 5546, sections 3.2.1 and 3.2.5): an address that accepts no mail,
 * because an appointment contains no person. No calendar replies to it, as there are no attendees.
 */
const organizerOf = (publicUrl = 'https://calendar.invalid') => ({
  name: SUMMARY,
  email: `no-reply@${new URL(publicUrl).hostname}`,
})

/**
 * Formats an appointment as iCalendar (RFC 5545). Its sequence is the version of the consultation, so that calendars
 * replace an older version. The link is the location and in the description as well, because Google Calendar and Outlook
 * do not show the property URL.
 * @param publicUrl the base URL of the page where participants join
 */
function toCalendar(appointment: Appointment, publicUrl: string | undefined): string {
  const { id, version, startsAt, endsAt, changedAt, cancelled } = appointment
  const ics = calendar({
    prodId: { company: 'jitsi-token-service', product: 'consultations', language: 'EN' },
    method: cancelled ? ICalCalendarMethod.CANCEL : ICalCalendarMethod.PUBLISH,
  })
  const link = publicUrl === undefined ? undefined : `${publicUrl}/join?consultation=${id}`
  ics.createEvent({
    id,
    sequence: version,
    stamp: new Date(changedAt),
    start: new Date(startsAt),
    end: new Date(endsAt),
    summary: SUMMARY,
    organizer: organizerOf(publicUrl),
    status: cancelled ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
    ...(link === undefined ? {} : { url: link, location: link, description: `Join the video consultation: ${link}` }),
  })
  return `${ics.toString()}\r\n`
}
