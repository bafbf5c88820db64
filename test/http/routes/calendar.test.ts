import { expect, it } from 'vitest'
import { NOW } from '../../kit.ts'
import { MINUTE_MS, startVisits } from '../../support/consultations.ts'

it('an appointment as iCalendar contains its time and link, and no participant', async () => {
  const { desk, visit } = await startVisits({ PUBLIC_URL: 'https://visits.example.org/' })
  const { id } = await visit({
    externalId: 'x-1',
    participants: [{ userId: 'doctor-77', role: 'doctor', name: 'Dr. M' }],
  })
  const answer = await desk<string>('GET', `/consultations/${id}/calendar.ics`)
  expect([answer.status, answer.headers['content-type']]).toStrictEqual([200, 'text/calendar; charset=utf-8'])
  expect(answer.headers['content-disposition']).toBe(`attachment; filename="consultation-${id}.ics"`)
  const link = `https://visits.example.org/join?consultation=${id}`
  // Lines are folded at 75 octets (RFC 5545, section 3.1).
  expect(answer.body.replaceAll('\r\n ', '').split('\r\n')).toStrictEqual([
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//jitsi-token-service//consultations//EN',
    'METHOD:PUBLISH',
    'BEGIN:VEVENT',
    `UID:${id}`,
    'SEQUENCE:1',
    'DTSTAMP:20261123T090000Z',
    'DTSTART:20261123T100000Z',
    'DTEND:20261123T103000Z',
    'SUMMARY:Video consultation',
    `LOCATION:${link}`,
    `DESCRIPTION:Join the video consultation: ${link}`,
    'ORGANIZER;CN="Video consultation":mailto:no-reply@visits.example.org',
    `URL;VALUE=URI:${link}`,
    'STATUS:CONFIRMED',
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ])
})

it('a new time and a cancellation update the same appointment', async () => {
  const { desk, visit } = await startVisits()
  const { id } = await visit()
  const startsAt = new Date(NOW + 120 * MINUTE_MS).toISOString()
  await desk('PATCH', `/consultations/${id}`, { startsAt }, { 'if-match': '"1"' })
  const moved = await desk<string>('GET', `/consultations/${id}/calendar.ics`)
  expect(moved.body).toMatch(/SEQUENCE:2\r\n[^]*DTSTART:20261123T110000Z\r\nDTEND:20261123T113000Z/)
  for (const property of ['URL', 'LOCATION', 'DESCRIPTION']) expect(moved.body).not.toContain(property)
  await desk('POST', `/consultations/${id}/cancel`)
  const cancelled = await desk<string>('GET', `/consultations/${id}/calendar.ics`)
  expect(cancelled.body).toMatch(/METHOD:CANCEL\r\n[^]*SEQUENCE:3\r\n[^]*STATUS:CANCELLED/)
  for (const { body } of [moved, cancelled])
    expect(body).toMatch(/ORGANIZER;CN="Video consultation":mailto:no-reply@calendar\.invalid\r\n/)
})

it('only participants can read an appointment', async () => {
  const { user, visit } = await startVisits()
  const { id } = await visit({ doctorId: 'd', patientId: 'p' })
  const [patient, stranger] = [await user('p', 'patient'), await user('x', 'patient')]
  expect(await patient('GET', `/consultations/${id}/calendar.ics`)).toMatchObject({ status: 200 })
  expect(await stranger('GET', `/consultations/${id}/calendar.ics`)).toMatchObject({ status: 404 })
})
