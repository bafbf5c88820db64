import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import { browserOf, invite, type Made, START } from '../../support/invitations.ts'
import { type Answer, eventsOf, MINUTE_MS, startVisits, type Visits } from '../../support/consultations.ts'

const nameIn = (token: string) => decodeJwt<{ context: { user: { name: string } } }>(token).context.user.name

type Person = { userId: string; name?: string; selfNamed?: boolean }
type WithPeople = { participants: Person[]; version: number }

const PEOPLE = [
  { userId: 'doctor-77', role: 'doctor', name: 'Dr. Meera Iyer' },
  { userId: 'patient-1042', role: 'patient', name: 'रमेश नायर' },
]

const guestsOf = async ({ desk }: Visits, id: string): Promise<Person[]> => {
  const { body } = await desk<WithPeople>('GET', `/consultations/${id}`)
  return body.participants.filter(({ userId }) => userId.startsWith('guest-'))
}

const NAME_REFUSED = {
  status: 400,
  body: { code: 'invalid-request', errors: [{ pointer: '/displayName' }] },
}

describe('a self-chosen name', () => {
  it('is marked in tokens, in the list of participants, in the waiting list and in events', async () => {
    const visits = await startVisits()
    const { code, consultation } = await invite(visits, { role: 'patient' }, { waitingRoom: true })
    const { id, roomId } = consultation
    visits.time.now = START
    const events = await eventsOf(visits.app, id, visits.desk.credential)
    await events.next()
    const browser = browserOf(visits.nobody)
    expect(await browser.redeem(code, { displayName: ' Asha  Rao ' })).toMatchObject({ status: 202 })
    const [guest] = await guestsOf(visits, id)
    expect(guest).toMatchObject({ name: 'Asha  Rao', selfNamed: true })
    const waiting = [{ userId: guest?.userId, role: 'patient', name: 'Asha  Rao', selfNamed: true }]
    expect((await visits.desk('GET', `/consultations/${id}/waiting`)).body).toMatchObject({ waiting })
    let told = await events.next()
    while (told !== undefined && JSON.stringify(told.data['waiting']) === '[]') told = await events.next()
    expect(told).toMatchObject({ event: 'waiting', data: { waiting } })
    await visits.desk('POST', `/consultations/${id}/admit`, { userId: guest?.userId })
    const entered = await browser.redeem(code, { displayName: 'Another Name' })
    const renewed = await visits.nobody<{ token: string }>('POST', '/token/renew', { token: entered.body.token })
    const requested = await visits.desk<{ token: string }>('POST', '/token', { roomId, userId: guest?.userId })
    for (const { body } of [entered, renewed, requested]) expect(nameIn(body.token)).toBe('(guest) Asha  Rao')
  })

  it('is not marked if the inviter chose it, or if the invitation is for a known user', async () => {
    const visits = await startVisits()
    const { code, path, consultation } = await invite(visits, { role: 'patient', name: 'Asha Rao' })
    const bound = await visits.desk<Made>('POST', path, { role: 'patient', userId: 'patient-1042' })
    visits.time.now = START
    const named = await browserOf(visits.nobody).redeem(code, { displayName: 'Somebody Else' })
    const known = await browserOf(visits.nobody).redeem(bound.body.code, { displayName: 'Ramesh' })
    expect([nameIn(named.body.token), nameIn(known.body.token)]).toStrictEqual(['Asha Rao', 'Ramesh'])
    const { body } = await visits.desk<WithPeople>('GET', `/consultations/${consultation.id}`)
    for (const each of body.participants) expect(each).not.toHaveProperty('selfNamed')
  })

  it('cannot get rid of the mark by containing it', async () => {
    const visits = await startVisits()
    const { code } = await invite(visits)
    visits.time.now = START
    const { body } = await browserOf(visits.nobody).redeem(code, { displayName: '(guest) Asha Rao' })
    expect(nameIn(body.token)).toBe('(guest) (guest) Asha Rao')
  })

  it('has at most 120 characters, so that the marked name has at most 128', async () => {
    const visits = await startVisits()
    const { code } = await invite(visits)
    visits.time.now = START
    const browser = browserOf(visits.nobody)
    expect(await browser.redeem(code, { displayName: '🧑'.repeat(121) })).toMatchObject(NAME_REFUSED)
    const { body } = await browser.redeem(code, { displayName: '🧑'.repeat(120) })
    expect(nameIn(body.token)).toBe(`(guest) ${'🧑'.repeat(120)}`)
  })

  it('stays marked in later versions of the consultation, until the backend gives another name', async () => {
    const visits = await startVisits()
    const { code, consultation } = await invite(visits)
    const { id } = consultation
    const browser = browserOf(visits.nobody)
    visits.time.now = START - MINUTE_MS
    await browser.redeem(code, { displayName: 'Asha Rao' })
    const guest = (await guestsOf(visits, id))[0]?.userId ?? ''
    const change = async (body: object) => {
      const { body: now } = await visits.desk<WithPeople>('GET', `/consultations/${id}`)
      const answer = await visits.desk('PATCH', `/consultations/${id}`, body, { 'if-match': `"${now.version}"` })
      expect(answer.status).toBe(200)
      return (await guestsOf(visits, id))[0]
    }
    const withGuest = (more: object) => ({ participants: [...PEOPLE, { userId: guest, role: 'patient', ...more }] })
    const marked = { name: 'Asha Rao', selfNamed: true }
    expect(await change({ startsAt: new Date(START + 60_000).toISOString() })).toMatchObject(marked)
    expect(await change(withGuest({}))).toMatchObject(marked)
    expect(await change(withGuest({ name: 'Asha Rao' }))).toMatchObject(marked)
    expect(await change(withGuest({ name: 'Asha Rao', role: 'observer' }))).toMatchObject(marked)
    const renamed = await change(withGuest({ name: 'Ms. Asha Rao' }))
    expect(renamed).toMatchObject({ name: 'Ms. Asha Rao' })
    expect(renamed).not.toHaveProperty('selfNamed')
    visits.time.now = START
    expect(nameIn((await browser.redeem(code)).body.token)).toBe('Ms. Asha Rao')
  })
})

describe('the name of a participant', () => {
  it.each([
    ['as it is', 'Dr. Meera Iyer'],
    ['in capital letters', 'DR. MEERA IYER'],
    ['without the full stop', 'Dr Meera Iyer'],
    ['with extra spaces', 'Dr.\u00a0 Meera  Iyer'],
    ['with full-width letters', 'Ｄｒ．Ｍｅｅｒａ Ｉｙｅｒ'],
    ['with accents', 'Dr. Méera Íyer'],
    ['with an emoji', 'Dr. Meera Iyer 🩺'],
    ['with a variation selector', 'Dr. Meera\ufe0f Iyer'],
    ['in another script', 'रमेश\u00a0नायर.'],
    ['of an invited person', 'asha rao'],
  ])('cannot be chosen: %s', async (_what, displayName) => {
    const visits = await startVisits()
    const { code, path } = await invite(visits, { role: 'patient' }, { participants: PEOPLE })
    await visits.desk('POST', path, { role: 'patient', userId: 'patient-1042', name: 'Asha Rao' })
    visits.time.now = START
    const browser = browserOf(visits.nobody)
    const refused = await browser.redeem(code, { displayName })
    expect(refused).toMatchObject(NAME_REFUSED)
    expect(JSON.stringify(refused.body)).toContain('choose another name')
    expect(browser.cookie()).toBeUndefined()
    expect(visits.entries().at(-1)).toMatchObject({ action: 'invitation.redeem', outcome: 'refused' })
    expect(await visits.desk('GET', path)).toMatchObject({ body: { invitations: [{ used: 0 }, {}] } })
    expect(await browser.redeem(code, { displayName: 'Asha Rao of Pune' })).toMatchObject({ status: 200 })
  })

  it('cannot be chosen with an invitation for another user; another name can, once', async () => {
    const visits = await startVisits()
    const { code, path } = await invite(visits, { role: 'patient', userId: 'patient-1042' })
    await visits.desk('POST', path, { role: 'observer', userId: 'observer-3', name: 'A Student' })
    visits.time.now = START
    const browser = browserOf(visits.nobody)
    expect(await browser.redeem(code, { displayName: 'a  student' })).toMatchObject(NAME_REFUSED)
    expect(await browser.redeem(code, { displayName: 'Ramesh Nair' })).toMatchObject({ status: 200 })
    expect(nameIn((await browser.redeem(code, { displayName: 'a  student' })).body.token)).toBe('Ramesh Nair')
  })

  it('can be chosen again once the invitation with it is revoked, and guests can have the same name', async () => {
    const visits = await startVisits()
    const { code, path } = await invite(visits, { role: 'patient', uses: 3 })
    const named = await visits.desk<Made>('POST', path, { role: 'patient', name: 'Asha Rao' })
    visits.time.now = START
    const redeem = () => browserOf(visits.nobody).redeem(code, { displayName: 'Asha Rao' })
    expect(await redeem()).toMatchObject(NAME_REFUSED)
    await visits.desk('DELETE', `${path}/${named.body.id}`)
    const both = [await redeem(), await redeem()]
    expect(both.map(({ body }) => nameIn(body.token))).toStrictEqual(['(guest) Asha Rao', '(guest) Asha Rao'])
  })
})

describe('the guests of an invitation who wait', () => {
  const redeemAll = async (visits: Visits, code: string, count: number) => {
    const browsers = Array.from({ length: count }, () => browserOf(visits.nobody))
    return { browsers, answers: await Promise.all(browsers.map(({ redeem }) => redeem(code))) }
  }
  const withStatus = (answers: readonly Answer[], status: number) => answers.filter((each) => each.status === status)

  it('are at most 20; the next one can try again after somebody was admitted', async () => {
    const visits = await startVisits()
    const { code, path, consultation } = await invite(visits, { role: 'patient', uses: 50 }, { waitingRoom: true })
    const other = await visits.desk<Made>('POST', path, { role: 'observer' })
    visits.time.now = START
    const { browsers, answers } = await redeemAll(visits, code, 25)
    expect(withStatus(answers, 202)).toHaveLength(20)
    const refused = withStatus(answers, 429)
    expect(refused).toHaveLength(5)
    expect(refused[0]).toMatchObject({ body: { code: 'rate-limited' }, headers: { 'retry-after': '30' } })
    expect(await guestsOf(visits, consultation.id)).toHaveLength(20)
    expect(await visits.desk('GET', path)).toMatchObject({ body: { invitations: [{ used: 20 }, { used: 0 }] } })
    const recorded = visits.entries().filter(({ code: reason }) => reason === 'rate-limited')
    expect(recorded).toHaveLength(5)
    expect(recorded[0]).toMatchObject({ action: 'invitation.redeem', outcome: 'refused' })
    const late = browsers.find(({ cookie }) => cookie() === undefined)
    const bound = browsers.find(({ cookie }) => cookie() !== undefined)
    expect(await bound?.redeem(code)).toMatchObject({ status: 202 })
    expect(await browserOf(visits.nobody).redeem(other.body.code)).toMatchObject({ status: 202 })
    expect(await late?.redeem(code)).toMatchObject({ status: 429 })
    const [first] = await guestsOf(visits, consultation.id)
    await visits.desk('POST', `/consultations/${consultation.id}/admit`, { userId: first?.userId })
    expect(await late?.redeem(code)).toMatchObject({ status: 202 })
    expect(await browserOf(visits.nobody).redeem(code)).toMatchObject({ status: 429 })
  })

  it('are not limited for a role that does not wait, or without a waiting room', async () => {
    const visits = await startVisits()
    const moderators = await invite(visits, { role: 'doctor', uses: 50 }, { waitingRoom: true, externalId: 'a' })
    const open = await invite(visits, { role: 'patient', uses: 50 }, { externalId: 'b' })
    for (const { code } of [moderators, open]) {
      const { answers } = await redeemAll(visits, code, 22)
      expect(withStatus(answers, 429)).toHaveLength(0)
      expect(withStatus(answers, 403)).toHaveLength(22)
    }
  })
})
