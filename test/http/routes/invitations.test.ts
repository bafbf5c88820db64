import { scrape } from '../../kit.ts'
import { describe, expect, it } from 'vitest'
import { findInvitationCaller, findLiveSessions } from '../../../src/service/invitations/sessions.ts'
import { browserOf, CLOSES_AT, INVALID, invite, type Made, PUBLIC, START } from '../../support/invitations.ts'
import { MINUTE_MS, startVisits } from '../../support/consultations.ts'

describe('an invitation', () => {
  it('is created with a link, and its code appears once', async () => {
    const visits = await startVisits(PUBLIC)
    const { consultation, path, invitation } = await invite(visits, { role: 'patient', name: ' Asha Rao ', uses: 2 })
    const { code, link, ...withoutCode } = invitation
    expect(code).toMatch(/^[0-9a-f]{64}$/)
    expect(link).toBe(`https://visits.example.org/join#${code}`)
    expect(withoutCode).toStrictEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      consultationId: consultation.id,
      role: 'patient',
      name: 'Asha Rao',
      uses: 2,
      used: 0,
      createdAt: new Date(visits.time.now).toISOString(),
      expiresAt: consultation.closesAt,
    })
    const listed = await visits.reader('GET', path)
    expect(listed).toMatchObject({ status: 200 })
    expect(listed.body).toStrictEqual({ invitations: [withoutCode] })
    expect(visits.entries().slice(-2)).toMatchObject([
      {
        action: 'invitation.create',
        outcome: 'done',
        consultation: consultation.id,
        invitation: withoutCode.id,
        role: 'patient',
      },
      { action: 'consultation.read', outcome: 'done', consultation: consultation.id },
    ])
  })

  it('has a code but no link without PUBLIC_URL', async () => {
    const { invitation } = await invite(await startVisits())
    expect(invitation.code).toMatch(/^[0-9a-f]{64}$/)
    expect(invitation).not.toHaveProperty('link')
  })

  it.each([
    ['a role that the policy does not have', { role: 'nurse' }, '/role'],
    ['another role than the person has', { role: 'observer', userId: 'patient-1042' }, '/role'],
    ['an expiry in the past', { role: 'patient', expiresAt: '2026-11-23T08:59:59Z' }, '/expiresAt'],
    ['an expiry at a time that is none', { role: 'patient', expiresAt: '2026-13-41T08:59:59Z' }, '/expiresAt'],
    ['no use', { role: 'patient', uses: 0 }, '/uses'],
    ['too many uses', { role: 'patient', uses: 51 }, '/uses'],
    ['an unknown field', { role: 'patient', code: 'f'.repeat(64) }, '/code'],
    ['a name that turns the text around', { role: 'patient', name: 'Asha \u202e' }, '/name'],
    ['a name of a thousand letters', { role: 'patient', name: 'a'.repeat(1000) }, '/name'],
  ])('with %s is refused', async (_what, request, pointer) => {
    const { desk, visit, entries } = await startVisits()
    const { id } = await visit()
    const refused = await desk('POST', `/consultations/${id}/invitations`, request)
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid-request', errors: [{ pointer }] } })
    expect(entries().at(-1)).toMatchObject({ action: 'invitation.create', outcome: 'refused', code: 'invalid-request' })
  })

  it('can be created by moderators for roles that do not moderate, and by backends for their own roles', async () => {
    const { user, reader, visit, desk } = await startVisits()
    const { id } = await visit({ doctorId: 'auth0|77', patientId: 'auth0|1042' })
    const path = `/consultations/${id}/invitations`
    const doctor = await user('auth0|77', 'doctor')
    const patient = await user('auth0|1042', 'patient')
    const stranger = await user('auth0|1', 'doctor')
    const made = await doctor<Made>('POST', path, { role: 'observer', name: 'A Student' })
    expect(made).toMatchObject({ status: 201, body: { role: 'observer' } })
    expect(await doctor('POST', path, { role: 'doctor' })).toMatchObject({ body: { code: 'role-not-allowed' } })
    expect(await patient('POST', path, { role: 'patient' })).toMatchObject({ body: { code: 'role-not-allowed' } })
    expect(await patient('GET', path)).toMatchObject({ body: { code: 'role-not-allowed' } })
    expect(await stranger('POST', path, { role: 'patient' })).toMatchObject({
      body: { code: 'consultation-not-found' },
    })
    expect(await reader('POST', path, { role: 'patient' })).toMatchObject({ body: { code: 'scope-missing' } })
    expect(await reader('DELETE', `${path}/${made.body.id}`)).toMatchObject({ body: { code: 'scope-missing' } })
    expect(await desk('POST', path, { role: 'doctor' })).toMatchObject({ status: 201 })
    const [, moderating] = (await desk<{ invitations: { id: string }[] }>('GET', path)).body.invitations
    const resent = await doctor('POST', `${path}/${moderating?.id}/resend`)
    expect(resent).toMatchObject({ body: { code: 'role-not-allowed' } })
    expect(await doctor('DELETE', `${path}/${made.body.id}`)).toMatchObject({ status: 200 })
  })

  it('cannot be created for a consultation that is over', async () => {
    const { desk, visit, time } = await startVisits()
    for (const [how, code] of [
      ['end', 'consultation-ended'],
      ['cancel', 'consultation-cancelled'],
    ]) {
      const { id } = await visit({ externalId: how })
      await desk('POST', `/consultations/${id}/${how}`)
      const refused = await desk('POST', `/consultations/${id}/invitations`, { role: 'patient' })
      expect(refused).toMatchObject({ status: 409, body: { code } })
    }
    const { id } = await visit()
    time.now = CLOSES_AT
    const late = await desk('POST', `/consultations/${id}/invitations`, { role: 'patient' })
    expect(late).toMatchObject({ status: 409, body: { code: 'consultation-ended' } })
  })

  it('is one of at most a hundred usable ones; unusable ones do not count', async () => {
    const visits = await startVisits()
    const { path, invitation } = await invite(visits)
    const ask = () => visits.desk('POST', path, { role: 'patient' })
    const made = await Promise.all(Array.from({ length: 105 }, ask))
    expect(made.filter(({ status }) => status === 201)).toHaveLength(99)
    expect(made.filter(({ body }) => body['code'] === 'too-many-invitations')).toHaveLength(6)
    expect(await visits.desk('DELETE', `${path}/${invitation.id}`)).toMatchObject({ status: 200 })
    expect(await ask()).toMatchObject({ status: 201 })
    expect(await ask()).toMatchObject({ status: 409 })
  })
})

describe('an existing invitation', () => {
  it('is revoked for good, along with everyone it admitted', async () => {
    const visits = await startVisits()
    const { code, path, invitation } = await invite(visits, { role: 'patient', uses: 2 })
    visits.time.now = START
    const browser = browserOf(visits.nobody)
    expect(await browser.redeem(code)).toMatchObject({ status: 200 })
    const secret = browser.cookie()?.slice('visit='.length) ?? ''
    const { consultationId } = invitation
    expect(await findLiveSessions(visits.parts, secret)).toMatchObject([
      { consultationId, invitation: { id: invitation.id } },
    ])
    const caller = { id: `invitation:${invitation.id}`, roles: new Set(['patient']), rooms: 'consultations' }
    expect(await findInvitationCaller(visits.parts, consultationId, caller.id)).toMatchObject(caller)
    expect(await findInvitationCaller(visits.parts, consultationId, 'desk-backend')).toBeUndefined()
    expect(await findInvitationCaller(visits.parts, 'another', caller.id)).toBeUndefined()
    const revoked = await visits.desk('DELETE', `${path}/${invitation.id}`)
    expect(revoked).toMatchObject({ status: 200, body: { revokedAt: new Date(START).toISOString() } })
    visits.time.now += MINUTE_MS
    expect((await visits.desk('DELETE', `${path}/${invitation.id}`)).body).toStrictEqual(revoked.body)
    expect(await browser.redeem(code)).toMatchObject(INVALID)
    expect(await browserOf(visits.nobody).redeem(code)).toMatchObject(INVALID)
    expect(await findLiveSessions(visits.parts, secret)).toStrictEqual([])
    expect(await findInvitationCaller(visits.parts, consultationId, `invitation:${invitation.id}`)).toBeUndefined()
    const resent = await visits.desk('POST', `${path}/${invitation.id}/resend`)
    expect(resent).toMatchObject(INVALID)
    expect(visits.entries().filter(({ action }) => action === 'invitation.revoke')).toMatchObject([
      { outcome: 'done', invitation: invitation.id, caller: 'desk-backend' },
    ])
  })

  it('gets another code, and browsers that redeemed the first one keep their access', async () => {
    const visits = await startVisits(PUBLIC)
    const { code, path, invitation } = await invite(visits, { role: 'patient', uses: 2 })
    visits.time.now = START
    const browser = browserOf(visits.nobody)
    await browser.redeem(code)
    const resent = await visits.desk<Made>('POST', `${path}/${invitation.id}/resend`)
    expect(resent).toMatchObject({ status: 200, body: { id: invitation.id, uses: 2, used: 1 } })
    expect(resent.body.link).toBe(`https://visits.example.org/join#${resent.body.code}`)
    expect(await browserOf(visits.nobody).redeem(code)).toMatchObject(INVALID)
    expect(await browser.redeem(code)).toMatchObject({ status: 200 })
    expect(await browser.redeem(resent.body.code)).toMatchObject({ status: 200 })
    expect(await browserOf(visits.nobody).redeem(resent.body.code)).toMatchObject({ status: 200 })
    expect(await visits.desk('POST', `${path}/${invitation.id}/resend`)).toMatchObject(INVALID)
    expect(visits.entries().filter(({ action }) => action === 'invitation.resend')).toMatchObject([
      { outcome: 'done', invitation: invitation.id },
      { outcome: 'refused', code: 'invitation-invalid' },
    ])
  })

  it('belongs to its consultation only', async () => {
    const visits = await startVisits()
    const { invitation } = await invite(visits, { role: 'patient' }, { externalId: 'a' })
    const { path } = await invite(visits, { role: 'patient' }, { externalId: 'b' })
    const missing = { status: 404, body: { code: 'invitation-not-found' } }
    expect(await visits.desk('DELETE', `${path}/${invitation.id}`)).toMatchObject(missing)
    expect(await visits.desk('POST', `${path}/${invitation.id}/resend`)).toMatchObject(missing)
    expect(await visits.desk('DELETE', `${path}/none`)).toMatchObject({ status: 400 })
    expect(visits.entries().filter(({ code }) => code === 'invitation-not-found')).toMatchObject([
      { action: 'invitation.revoke', outcome: 'refused' },
      { action: 'invitation.resend', outcome: 'refused' },
    ])
  })

  it('leaves no code, cookie or name in the log or the audit record', async () => {
    const visits = await startVisits(PUBLIC)
    const { code, path, invitation } = await invite(visits, { role: 'patient', name: 'Canary Named' })
    const guest = await invite(visits, { role: 'patient' }, { externalId: 'b' })
    visits.time.now = START
    const browsers = [browserOf(visits.nobody), browserOf(visits.nobody)] as const
    await browsers[0].redeem(code)
    await browsers[0].redeem(code)
    await browsers[1].redeem(guest.code, { displayName: 'Canary Guest' })
    await browserOf(visits.nobody).redeem(code, { displayName: 'Canary Third' })
    await browserOf(visits.nobody).redeem('c0ffee'.repeat(11).slice(0, 64), { displayName: 'Canary Fourth' })
    await browserOf(visits.nobody).redeem(`${code}0`, { displayName: 'Canary Fifth' })
    await visits.desk('DELETE', `${path}/${invitation.id}`)
    const cookies = browsers.map((each) => each.cookie()?.slice('visit='.length) ?? 'no cookie')
    const stored = [...visits.logLines, JSON.stringify(visits.allEntries())].join('\n')
    expect(stored).toContain(invitation.id)
    for (const secret of [code, guest.code, ...cookies, 'c0ffeec0ffee']) {
      expect(secret).toMatch(/^[0-9a-f]+$/)
      expect(stored).not.toContain(secret.slice(0, 16))
    }
    expect(stored).not.toMatch(/Canary/)
    expect((await scrape(visits.app)).body).not.toContain(invitation.id)
  })
})
