import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import type { ConsultationAnswer } from '../../../src/contract/consultations/consultation-answer.ts'
import { ServiceFault } from '../../../src/service/fault.ts'
import { browserOf, CLOSES_AT, INVALID, invite, type Made, SAME_ORIGIN, START } from '../../support/invitations.ts'
import { startService, UNLIMITED, scrape } from '../../kit.ts'
import { type Answer, asking, DESK, MINUTE_MS, startVisits, VISIT, visitPolicy } from '../../support/consultations.ts'

describe('a redemption', () => {
  it('gets a token with the role and name of the invitation', async () => {
    const visits = await startVisits()
    const { consultation, invitation, code } = await invite(visits, { role: 'patient', name: 'Asha Rao' })
    visits.time.now = START
    const answer = await browserOf(visits.nobody).redeem(code, { displayName: 'Somebody Else' })
    expect(answer).toMatchObject({
      status: 200,
      body: { roomId: consultation.roomId, consultationId: consultation.id, userRole: 'patient', moderator: false },
    })
    const { context, room } = decodeJwt<{ room: string; context: { user: { id: string; name: string } } }>(
      answer.body.token,
    )
    expect(room).toBe(consultation.roomId)
    expect(context.user).toMatchObject({ id: expect.stringMatching(/^guest-/) as string, name: 'Asha Rao' })
    const who = { consultation: consultation.id, user_id: context.user.id, caller: `invitation:${invitation.id}` }
    expect(visits.entries().slice(-2)).toMatchObject([
      { action: 'invitation.redeem', outcome: 'done', invitation: invitation.id, ...who },
      { action: 'token.issue', outcome: 'issued', ...who },
    ])
    const { body } = await visits.desk<{ participants: object[] }>('GET', `/consultations/${consultation.id}`)
    expect(body.participants).toMatchObject([{}, {}, { userId: context.user.id, role: 'patient', name: 'Asha Rao' }])
  })

  it('requires a name if the invitation has none, before the invitation is used', async () => {
    const visits = await startVisits()
    const { code } = await invite(visits)
    visits.time.now = START
    const browser = browserOf(visits.nobody)
    expect(await browser.redeem(code, {})).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/displayName' }] },
    })
    const answer = await browser.redeem(code, { displayName: ' Asha Rao ' })
    expect(decodeJwt(answer.body.token)).toMatchObject({ context: { user: { name: '(guest) Asha Rao' } } })
  })

  it('sets a cookie that scripts cannot read and other sites cannot send', async () => {
    const { app } = await startService(UNLIMITED, undefined, visitPolicy())
    const desk = asking(app, DESK.apiKey)
    const { startsAt: _later, ...now } = VISIT
    const { body } = await desk<ConsultationAnswer>('POST', '/consultations', now)
    const invited = await desk<Made>('POST', `/consultations/${body.id}/invitations`, {
      role: 'patient',
      name: 'Asha Rao',
    })
    const { headers } = await browserOf(asking(app, undefined)).redeem(invited.body.code)
    const seconds = (30 + 30) * 60 + 86_400
    expect(headers['set-cookie']).toMatch(
      new RegExp(`^__Host-visit=[0-9a-f]{64}; Max-Age=${seconds}; Path=/; HttpOnly; Secure; SameSite=Strict$`),
    )
  })

  it('sets a cookie that works without https, outside production', async () => {
    const visits = await startVisits()
    const { code } = await invite(visits)
    visits.time.now = START
    const { headers } = await browserOf(visits.nobody).redeem(code)
    expect(headers['set-cookie']).toMatch(/^visit=[0-9a-f]{64}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/)
  })

  it('can be repeated by the same browser: same user, one use', async () => {
    const visits = await startVisits()
    const { code, path } = await invite(visits)
    visits.time.now = START
    const browser = browserOf(visits.nobody)
    const first = await browser.redeem(code)
    const cookie = browser.cookie()
    const again = await browser.redeem(code, {})
    expect(browser.cookie()).toBe(cookie)
    expect([first.status, again.status]).toStrictEqual([200, 200])
    const of = (token: string) => decodeJwt<{ context: { user: { id: string } } }>(token).context.user.id
    expect(of(again.body.token)).toBe(of(first.body.token))
    expect(await visits.desk('GET', path)).toMatchObject({ body: { invitations: [{ uses: 1, used: 1 }] } })
    expect(visits.entries().filter(({ action }) => action === 'invitation.redeem')).toHaveLength(1)
    expect((await scrape(visits.app)).body).toMatch(
      /jts_invitations_redeemed_total\{outcome="new"\} 1\njts_invitations_redeemed_total\{outcome="again"\} 1/,
    )
  })

  it('in another browser is refused once the code is used up and the person has entered', async () => {
    const visits = await startVisits()
    const { code, invitation } = await invite(visits)
    visits.time.now = START
    await browserOf(visits.nobody).redeem(code)
    const other = await browserOf(visits.nobody).redeem(code)
    expect(other).toMatchObject({ ...INVALID, body: { reason: 'used' } })
    expect(other.headers).not.toHaveProperty('set-cookie')
    expect(visits.entries().at(-1)).toMatchObject({
      action: 'invitation.redeem',
      outcome: 'refused',
      code: 'invitation-invalid',
      invitation: invitation.id,
    })
  })

  it('in another browser admits another guest, as often as the invitation allows', async () => {
    const visits = await startVisits()
    const { code, consultation } = await invite(visits, { role: 'observer', uses: 3 })
    visits.time.now = START
    const answers = await Promise.all(Array.from({ length: 5 }, () => browserOf(visits.nobody).redeem(code)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3)
    expect(answers.filter(({ body }) => body.code === 'invitation-invalid')).toHaveLength(2)
    const { body } = await visits.desk<{ participants: object[] }>('GET', `/consultations/${consultation.id}`)
    expect(body.participants).toHaveLength(5)
  })

  it('waits for admission and is repeated with the same cookie', async () => {
    const visits = await startVisits()
    const { code, consultation } = await invite(visits, { role: 'patient' }, { waitingRoom: true })
    visits.time.now = START
    const browser = browserOf(visits.nobody)
    const since = new Date(START).toISOString()
    const waiting = { status: 202, body: { state: 'waiting', since, consultationId: consultation.id } }
    expect(await browser.redeem(code)).toMatchObject(waiting)
    visits.time.now += MINUTE_MS
    expect(await browser.redeem(code)).toMatchObject(waiting)
    const guest = (await visits.parts.consultations.findById(consultation.id))?.participants.at(-1)
    expect(guest).toMatchObject({ name: 'Asha Rao', waitingSince: START })
    await visits.desk('POST', `/consultations/${consultation.id}/admit`, { userId: guest?.userId })
    expect(await browser.redeem(code)).toMatchObject({ status: 200, body: { userRole: 'patient' } })
  })

  it('that is too early does not use the invitation', async () => {
    const visits = await startVisits()
    const { code, path } = await invite(visits)
    const opensAt = START - 15 * MINUTE_MS
    const early = { status: 403, body: { code: 'too-early', opensAt: new Date(opensAt).toISOString() } }
    for (const browser of [browserOf(visits.nobody), browserOf(visits.nobody)]) {
      expect(await browser.redeem(code)).toMatchObject(early)
      expect(browser.cookie()).toBeUndefined()
    }
    expect(visits.entries().at(-1)).toMatchObject({
      action: 'invitation.redeem',
      outcome: 'refused',
      code: 'too-early',
    })
    expect(await visits.desk('GET', path)).toMatchObject({ body: { invitations: [{ used: 0 }] } })
    visits.time.now = opensAt
    expect(await browserOf(visits.nobody).redeem(code)).toMatchObject({ status: 200 })
  })

  it('enters as the invited user, in any browser', async () => {
    const visits = await startVisits()
    const request = { role: 'observer', userId: 'auth0|9', name: 'A Student', uses: 2 }
    const { code, consultation } = await invite(visits, request)
    const { body } = await visits.desk<{ participants: object[] }>('GET', `/consultations/${consultation.id}`)
    expect(body.participants).toMatchObject([{}, {}, { userId: 'auth0|9', role: 'observer', name: 'A Student' }])
    visits.time.now = START
    const answers = [await browserOf(visits.nobody).redeem(code), await browserOf(visits.nobody).redeem(code)]
    for (const { body: answer } of answers) {
      expect(decodeJwt(answer.token)).toMatchObject({ context: { user: { id: 'auth0|9', name: 'A Student' } } })
    }
    expect(await browserOf(visits.nobody).redeem(code)).toMatchObject(INVALID)
  })

  it('uses the name from the consultation if the invitation has none', async () => {
    const visits = await startVisits()
    const participants = [{ userId: 'patient-1042', role: 'patient', name: 'Asha Rao' }]
    const { code } = await invite(visits, { role: 'patient', userId: 'patient-1042' }, { participants })
    visits.time.now = START
    const { body } = await browserOf(visits.nobody).redeem(code, { displayName: 'Dr. Meera Iyer' })
    expect(decodeJwt(body.token)).toMatchObject({ context: { user: { id: 'patient-1042', name: 'Asha Rao' } } })
  })

  it('is refused once the user is removed from the consultation', async () => {
    const visits = await startVisits()
    const { code, consultation } = await invite(visits)
    visits.time.now = START
    const browser = browserOf(visits.nobody)
    await browser.redeem(code)
    const path = `/consultations/${consultation.id}`
    const participants = [{ userId: 'doctor-77', role: 'doctor' }]
    const stale = await visits.desk('PATCH', path, { participants }, { 'if-match': '"1"' })
    expect(stale).toMatchObject({ status: 412 })
    expect(await visits.desk('PATCH', path, { participants }, { 'if-match': '"2"' })).toMatchObject({ status: 200 })
    expect(await browser.redeem(code)).toMatchObject({ status: 403, body: { code: 'not-a-participant' } })
    expect(browser.cookie()).toMatch(/^visit=/)
  })

  it('is refused without using the invitation once the user has another role', async () => {
    const visits = await startVisits()
    const { code, consultation, path } = await invite(visits, {
      role: 'observer',
      userId: 'student-5',
      name: 'A Student',
    })
    const participants = [
      { userId: 'student-5', role: 'patient' },
      { userId: 'doctor-77', role: 'doctor' },
    ]
    const { status } = await visits.desk(
      'PATCH',
      `/consultations/${consultation.id}`,
      { participants },
      { 'if-match': '"2"' },
    )
    expect(status).toBe(200)
    const refused = { status: 403, body: { code: 'role-not-allowed' } }
    expect(await browserOf(visits.nobody).redeem(code)).toMatchObject(refused)
    expect(await visits.desk('GET', path)).toMatchObject({ body: { invitations: [{ used: 0 }] } })
  })

  it('is refused without using the invitation if the consultation is over or full', async () => {
    const visits = await startVisits()
    const ended = await invite(visits, { role: 'patient' }, { externalId: 'a' })
    const cancelled = await invite(visits, { role: 'patient' }, { externalId: 'b' })
    const late = await invite(visits, { role: 'patient' }, { externalId: 'c' })
    const others = Array.from({ length: 48 }, (_, index) => ({ userId: `o-${index}`, role: 'observer' }))
    const full = await invite(visits, { role: 'patient' }, { externalId: 'd', participants: others })
    await visits.desk('POST', `/consultations/${ended.consultation.id}/end`)
    await visits.desk('POST', `/consultations/${cancelled.consultation.id}/cancel`)
    const expectRefused = async ({ code, path }: typeof ended, expected: string) => {
      const browser = browserOf(visits.nobody)
      expect(await browser.redeem(code)).toMatchObject({ body: { code: expected } })
      expect(browser.cookie()).toBeUndefined()
      expect(await visits.desk('GET', path)).toMatchObject({ body: { invitations: [{ used: 0 }] } })
      expect(visits.entries().at(-2)).toMatchObject({ action: 'invitation.redeem', outcome: 'refused', code: expected })
    }
    visits.time.now = START
    await expectRefused(ended, 'consultation-ended')
    await expectRefused(cancelled, 'consultation-cancelled')
    await expectRefused(full, 'consultation-full')
    visits.time.now = CLOSES_AT
    await expectRefused(late, 'too-late')
  })
})

describe('a code that does not work', () => {
  it('is refused with the reason: unknown, used, revoked, expired or replaced', async () => {
    const visits = await startVisits()
    const used = await invite(visits, { role: 'patient' }, { externalId: 'a' })
    const revoked = await invite(visits, { role: 'patient' }, { externalId: 'b' })
    const expiresAt = new Date(START).toISOString()
    const expired = await invite(visits, { role: 'patient', expiresAt }, { externalId: 'c' })
    expect(expired.invitation.expiresAt).toBe(expiresAt)
    const replaced = await invite(visits, { role: 'patient' }, { externalId: 'd' })
    visits.time.now = START
    await browserOf(visits.nobody).redeem(used.code)
    await visits.desk('DELETE', `${revoked.path}/${revoked.invitation.id}`)
    await visits.desk('POST', `${replaced.path}/${replaced.invitation.id}/resend`)
    const codes = { unknown: '0'.repeat(64), used, revoked, expired, replaced }
    for (const [reason, made] of Object.entries(codes)) {
      const browser = browserOf(visits.nobody)
      const answer = await browser.redeem(typeof made === 'string' ? made : made.code)
      expect(answer).toMatchObject({ status: 403, body: { code: 'invitation-invalid', reason } })
      expect(browser.cookie()).toBeUndefined()
    }
  })

  it('counts as a failed login of the client address if it is unknown, and stops no valid code', async () => {
    const visits = await startVisits({ RATE_LIMIT_FAILED_LOGINS: '2' })
    const { code } = await invite(visits)
    const guess = (digit: string) => browserOf(visits.nobody).redeem(digit.repeat(64))
    expect([(await guess('0')).status, (await guess('1')).status, (await guess('2')).status]).toStrictEqual([
      403, 403, 429,
    ])
    expect((await browserOf(visits.nobody).redeem(code)).body).toMatchObject({ code: 'too-early' })
    await visits.parts.failures.flush()
    const refused = visits.entries().filter(({ caller }) => caller === '-')
    expect(refused).toMatchObject(
      [1, 2].map(() => ({ action: 'invitation.redeem', outcome: 'refused', code: 'invitation-invalid' })),
    )
    expect(refused.map(({ count = 1 }) => count)).toStrictEqual([1, 2])
  })

  it('cannot be tried more often per minute than the setting allows', async () => {
    const visits = await startVisits({ RATE_LIMIT_PER_INVITATION: '2' })
    const { code } = await invite(visits, { role: 'patient', uses: 9 })
    const browser = browserOf(visits.nobody)
    const statuses = async (ask: () => Promise<Answer>) => [
      (await ask()).status,
      (await ask()).status,
      (await ask()).status,
    ]
    expect(await statuses(() => browserOf(visits.nobody).redeem('0'.repeat(64)))).toStrictEqual([403, 403, 429])
    visits.time.now = START
    // A bound browser has its own limit, so that waiting participants do not use up the limit of each other.
    expect((await browser.redeem(code)).status).toBe(200)
    expect((await browserOf(visits.nobody).redeem(code)).status).toBe(200)
    const limited = await browserOf(visits.nobody).redeem(code)
    expect(limited).toMatchObject({ status: 429, body: { code: 'rate-limited' } })
    expect(await statuses(() => browser.redeem(code))).toStrictEqual([200, 200, 429])
    expect(limited.headers['ratelimit-policy']).toContain('"invitation";q=2;w=60')
  })

  it.each([
    ['in capital letters', { code: 'A'.repeat(64) }, '/code'],
    ['one digit short', { code: 'a'.repeat(63) }, '/code'],
    ['one digit long', { code: 'a'.repeat(65) }, '/code'],
    ['with a line feed', { code: `${'a'.repeat(64)}\n` }, '/code'],
    ['that is a number', { code: 7 }, '/code'],
    ['that is a list', { code: ['a'.repeat(64)] }, '/code'],
    ['beside an unknown field', { code: 'a'.repeat(64), role: 'doctor' }, '/role'],
    ['beside a huge name', { code: 'a'.repeat(64), displayName: 'a'.repeat(5000) }, '/displayName'],
    ['beside an empty name', { code: 'a'.repeat(64), displayName: ' ' }, '/displayName'],
  ])('%s is no code at all', async (_what, body, pointer) => {
    const { nobody } = await startVisits()
    const refused = await nobody('POST', '/invitations/redeem', body)
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid-request', errors: [{ pointer }] } })
  })

  it('does not work with the cookie of another invitation, or with an invented one', async () => {
    const visits = await startVisits()
    const [mine, other] = [
      await invite(visits, { role: 'patient' }, { externalId: 'a' }),
      await invite(visits, { role: 'doctor' }, { externalId: 'b' }),
    ]
    visits.time.now = START
    await browserOf(visits.nobody).redeem(other.code)
    const browser = browserOf(visits.nobody)
    await browser.redeem(mine.code)
    expect(await browser.redeem(other.code)).toMatchObject({ ...INVALID, body: { reason: 'used' } })
    for (const cookie of [
      `visit=${'0'.repeat(64)}`,
      'visit=',
      'visit="',
      `visit=${mine.code}`,
      'visit=%00',
      '=',
      ';;;',
    ]) {
      const refused = await visits.nobody(
        'POST',
        '/invitations/redeem',
        { code: other.code, displayName: 'A' },
        { cookie, ...SAME_ORIGIN },
      )
      expect(refused).toMatchObject(INVALID)
    }
  })
})

describe('an invitation', () => {
  it('is neither created nor used if that cannot be recorded', async () => {
    const failing = { now: false }
    const visits = await startVisits({}, ({ ledger }) => ({
      ledger: {
        ...ledger,
        append: (entry) =>
          failing.now ? Promise.reject(new ServiceFault('record-unavailable')) : ledger.append(entry),
      },
    }))
    const { code, path } = await invite(visits)
    visits.time.now = START
    failing.now = true
    const browser = browserOf(visits.nobody)
    const unavailable = { status: 503, body: { code: 'record-unavailable' } }
    expect(await browser.redeem(code)).toMatchObject(unavailable)
    expect(browser.cookie()).toBeUndefined()
    expect(await visits.desk('POST', path, { role: 'patient' })).toMatchObject(unavailable)
    failing.now = false
    expect(await visits.desk('GET', path)).toMatchObject({ body: { invitations: [{ used: 0 }] } })
    expect(await browser.redeem(code)).toMatchObject({ status: 200 })
  })

  it('stays bound to the browser if the token fails after the use', async () => {
    const failing = { on: 'token.issue' }
    const visits = await startVisits({}, ({ ledger }) => ({
      ledger: {
        ...ledger,
        append: (entry) =>
          entry.action === failing.on ? Promise.reject(new ServiceFault('record-unavailable')) : ledger.append(entry),
      },
    }))
    const { code } = await invite(visits)
    visits.time.now = START
    const browser = browserOf(visits.nobody)
    expect(await browser.redeem(code)).toMatchObject({ status: 503, body: { code: 'record-unavailable' } })
    expect(browser.cookie()).toMatch(/^visit=/)
    failing.on = ''
    expect(await browser.redeem(code)).toMatchObject({ status: 200 })
  })
})
