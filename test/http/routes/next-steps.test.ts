import { describe, expect, it } from 'vitest'
import { PROBLEMS, type ProblemCode } from '../../../src/contract/problem.ts'
import { startVisits } from '../../support/consultations.ts'
import { browserOf, CLOSES_AT, invite, SAME_ORIGIN, START } from '../../support/invitations.ts'

/** A refusal whose detail has these words, and not those of the code in general. */
const refused = (code: ProblemCode, words: string) => ({
  status: PROBLEMS[code].status,
  body: { code, detail: expect.stringContaining(words) as string },
})

describe('the detail of a refusal', () => {
  it('tells a backend to change its request or the policy', async () => {
    const { desk, visit, time } = await startVisits()
    const { roomId } = await visit()
    time.now = START
    const ask = (change: object) =>
      desk('POST', '/token', { roomId, userId: 'doctor-77', userName: 'A', userRole: 'doctor', ...change })
    expect(await ask({ userRole: 'patient' })).toMatchObject(refused('role-not-allowed', 'roles of the caller'))
    expect(await ask({ userId: 'x' })).toMatchObject(refused('not-a-participant', 'Check roomId and userId'))
    time.now = CLOSES_AT
    expect(await ask({})).toMatchObject(refused('too-late', 'Reschedule the consultation'))
  })

  it('tells a signed-in user to use another account or to ask somebody', async () => {
    const { user, visit, time } = await startVisits()
    const { id, roomId } = await visit()
    const [patient, stranger] = [await user('patient-1042', 'patient'), await user('stranger', 'patient')]
    time.now = START
    const path = `/consultations/${id}`
    expect(await patient('POST', `${path}/end`)).toMatchObject(refused('role-not-allowed', 'Ask a moderator'))
    expect(await patient('GET', '/audit')).toMatchObject(refused('scope-missing', 'a backend with an API key'))
    expect(await stranger('GET', path)).toMatchObject(
      refused('consultation-not-found', 'the account of the participant'),
    )
    expect(await stranger('POST', '/token', { roomId })).toMatchObject(
      refused('not-a-participant', 'sign in with the account'),
    )
    time.now = CLOSES_AT
    expect(await patient('POST', '/token', { roomId })).toMatchObject(refused('too-late', 'Ask the person who invited'))
  })

  it('tells an invitee to ask the person who sent the link', async () => {
    const visits = await startVisits()
    const { consultation, code } = await invite(visits, { role: 'patient', userId: 'patient-1042', name: 'Asha' })
    const browser = browserOf(visits.nobody)
    visits.time.now = START
    await browser.redeem(code)
    const headers = { cookie: browser.cookie() ?? '', ...SAME_ORIGIN }
    const path = `/consultations/${consultation.id}`
    const ask = (method: 'POST' | 'GET', at: string) => visits.nobody(method, at, undefined, headers)
    expect(await ask('POST', `${path}/end`)).toMatchObject(refused('role-not-allowed', 'Ask the doctor'))
    await visits.desk('POST', `${path}/end`)
    expect(await browser.redeem(undefined, {})).toMatchObject(refused('consultation-ended', 'a new appointment'))
  })
})
