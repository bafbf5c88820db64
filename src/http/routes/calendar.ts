import { Type } from '@sinclair/typebox'
import { default as calendar, ICalCalendarMethod, ICalEventStatus } from 'ical-generator'
import type { Refusal } from '../../contract/problem.ts'
import type { Appointment } from '../../rules/consultations/consultation.ts'
import type { Requester } from '../../service/requester.ts'
import type { App } from '../server/app-type.ts'
import { authenticate, type RouteGuards } from '../server/authenticate.ts'
import { byScope, CONSULTATION_TAG, ConsultationPath, CONSULTATIONS_PATH } from './consultation-schema.ts'
import { sendProblem } from '../server/problems.ts'
import { listProblems } from '../server/route-problems.ts'
import { requesterOf } from '../server/requester.ts'

/** What the route needs: who calls, how often they may, and the verb. */
export type CalendarRoute = RouteGuards & {
  /** Where the page is that people enter by; without it an appointment has no link. */
  publicUrl: string | undefined
  appointment(requester: Requester, id: string): Promise<Appointment | Refusal>
}

const MEDIA_TYPE = 'text/calendar; charset=utf-8'

/** Adds `GET /api/jitsi/consultations/{id}/calendar.ics`. */
export function addCalendar(app: App, { identify, limitCaller, publicUrl, appointment }: CalendarRoute): void {
  app.get(
    `${CONSULTATIONS_PATH}/:id/calendar.ics`,
    {
      config: { action: 'consultation.read', problems: listProblems(['caller'], ['consultation-not-found']) },
      preParsing: [authenticate(identify, 'consultations:read', 'consultations:attend'), limitCaller],
      schema: {
        operationId: 'readCalendar',
        summary: 'Give the appointment as iCalendar',
        description:
          'Needs the scope consultations:read, or a signed-in user who takes part. Time and link alone: no name, no role, no id of a person.',
        ...CONSULTATION_TAG,
        ...byScope('consultations:read'),
        params: ConsultationPath,
        response: {
          200: {
            description: 'The appointment (RFC 5545)',
            content: { 'text/calendar': { schema: Type.Unsafe<string>(Type.String()) } },
          },
        },
      },
    },
    async (request, reply) => {
      const found = await appointment(requesterOf(request), request.params.id)
      if ('code' in found) return sendProblem(request, reply, found)
      return reply.type(MEDIA_TYPE).send(calendarOf(found, publicUrl))
    },
  )
}

/**
 * An appointment as iCalendar (RFC 5545). A newer version has a higher sequence, so that calendars take it for the same one.
 * @param publicUrl where the page is that people enter by
 */
function calendarOf(appointment: Appointment, publicUrl: string | undefined): string {
  const { id, version, startsAt, endsAt, changedAt, cancelled } = appointment
  const ics = calendar({
    prodId: { company: 'jitsi-token-service', product: 'consultations', language: 'EN' },
    method: cancelled ? ICalCalendarMethod.CANCEL : ICalCalendarMethod.PUBLISH,
  })
  ics.createEvent({
    id,
    sequence: version,
    stamp: new Date(changedAt),
    start: new Date(startsAt),
    end: new Date(endsAt),
    summary: 'Video consultation',
    status: cancelled ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
    ...(publicUrl === undefined ? {} : { url: `${publicUrl}/join?consultation=${id}` }),
  })
  return `${ics.toString()}\r\n`
}
