import fc from 'fast-check'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ConsultationAnswer } from '../../../src/contract/consultations/consultation-answer.ts'
import { type Ask, MINUTE_MS, openVisits } from '../../support/consultations.ts'

const PEOPLE = ['u0', 'u1', 'u2', 'u3'] as const
const ROLES = ['doctor', 'patient'] as const
type Role = (typeof ROLES)[number]
type Person = (typeof PEOPLE)[number]

const anyPerson = fc.constantFrom(...PEOPLE)
const anyRole = fc.constantFrom(...ROLES)
const minutes = fc.integer({ min: -40, max: 120 })

/** A step that a caller or the time may take, in any order. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 45 }) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('ask' as const), person: anyPerson, role: fc.option(anyRole) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('sign-in' as const), person: anyPerson, role: anyRole }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('admit' as const), person: anyPerson }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('move' as const), minutes, length: fc.integer({ min: 5, max: 60 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('people' as const),
      list: fc.uniqueArray(fc.record({ userId: anyPerson, role: anyRole }), {
        selector: ({ userId }) => userId,
        minLength: 1,
      }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('invite' as const), person: anyPerson, role: anyRole }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('renew' as const), which: fc.nat({ max: 30 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('revoke' as const),
      person: fc.option(anyPerson),
      here: fc.boolean(),
      older: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lift' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('end' as const, 'cancel' as const) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

type Issued = { token: string; holder: Person; issuedAt: number; expiresAt: number }
type Revoked = { id: string; user: Person | null; issuedBefore: number }

/** A second implementation of the admission rules, which sees the requests only. */
class Model {
  now: number
  people = new Map<Person, Role>([
    ['u0', 'doctor'],
    ['u1', 'patient'],
  ])
  admitted = new Set<Person>()
  startsAt: number
  endsAt: number
  over = false
  /** Every issued token; from which time on a person's tokens can be renewed; and who has entered. */
  readonly issued: Issued[] = []
  readonly since = new Map<Person, number>()
  readonly entered = new Set<Person>()
  revoked: Revoked[] = []
  readonly waitingRoom: boolean

  constructor(waitingRoom: boolean, now: number) {
    this.waitingRoom = waitingRoom
    this.now = now
    this.startsAt = now + 30 * MINUTE_MS
    this.endsAt = this.startsAt + 30 * MINUTE_MS
  }

  get closesAt(): number {
    return this.endsAt + 30 * MINUTE_MS
  }

  /** Whether a person may get a token now. @param requestedRole null where the request names none */
  mayEnter(person: Person, requestedRole: Role | null): boolean {
    const role = this.people.get(person)
    if (role === undefined || (requestedRole ?? role) !== role || this.over || this.now >= this.closesAt) return false
    if (this.isRevoked(person)) return false
    const minutesBefore = role === 'doctor' ? 30 : 15
    return (
      this.now >= this.startsAt - minutesBefore * MINUTE_MS &&
      (role === 'doctor' || !this.waitingRoom || this.admitted.has(person))
    )
  }

  /** Whether a new token is revoked, or the renewal of one that was issued at a time. */
  isRevoked(person: Person, issuedAt = Infinity): boolean {
    return this.revoked.some(
      ({ user, issuedBefore }) => (user ?? person) === person && (issuedBefore === Infinity || issuedAt < issuedBefore),
    )
  }

  /** Whether a token may be renewed now. */
  mayRenew({ holder, issuedAt, expiresAt }: Issued): boolean {
    const isRenewable =
      this.entered.has(holder) && issuedAt >= (this.since.get(holder) ?? 0) && this.now <= expiresAt + 10 * MINUTE_MS
    return isRenewable && this.mayEnter(holder, null) && !this.isRevoked(holder, issuedAt)
  }

  move(startsAt: number, endsAt: number): void {
    const absent = startsAt === this.startsAt ? [] : PEOPLE.filter((each) => !this.entered.has(each))
    for (const each of absent) {
      this.admitted.delete(each)
      this.since.set(each, this.now)
    }
    Object.assign(this, { startsAt, endsAt })
  }

  change(list: readonly { userId: Person; role: Role }[]): void {
    for (const { userId, role: next } of list) if (this.people.get(userId) !== next) this.admitted.delete(userId)
    for (const each of PEOPLE) if (list.every(({ userId }) => userId !== each)) this.admitted.delete(each)
    for (const each of PEOPLE) {
      if (this.people.get(each) === list.find(({ userId }) => userId === each)?.role) continue
      this.since.set(each, this.now)
      this.entered.delete(each)
    }
    this.people = new Map(list.map(({ userId, role: next }) => [userId, next]))
  }
}

let visits: Awaited<ReturnType<typeof openVisits>>
const signedIn = new Map<string, Ask>()
let renewed = 0
beforeAll(async () => {
  // Commits of audit entries would take most of the time, and this test does not need them.
  visits = await openVisits({}, () => ({ ledger: { append: async () => 'chain:1', probe: async () => undefined } }))
  for (const user of PEOPLE) for (const each of ROLES) signedIn.set(`${user} ${each}`, await visits.user(user, each))
})
afterAll(() => visits.close())

/** Takes a step in the service and in the model, and compares the results. */
async function takeStep(model: Model, consultation: ConsultationAnswer, each: Step): Promise<void> {
  const at = `/consultations/${consultation.id}`
  const { desk, time } = visits
  const version = async () => String((await desk('GET', at)).headers['etag'])
  switch (each.do) {
    case 'wait':
      model.now += each.minutes * MINUTE_MS
      time.now = model.now
      return
    case 'ask': {
      const userRole = each.role === null ? {} : { userRole: each.role }
      const request = { roomId: consultation.roomId, userId: each.person, userName: 'A Name', ...userRole }
      return expectToken(model, consultation, each.person, each.role, await desk('POST', '/token', request))
    }
    case 'sign-in': {
      const ask = signedIn.get(`${each.person} ${each.role}`) ?? desk
      return expectToken(
        model,
        consultation,
        each.person,
        each.role,
        await ask('POST', '/token', { roomId: consultation.roomId }),
      )
    }
    case 'admit': {
      const { status } = await desk('POST', `${at}/admit`, { userId: each.person })
      const isAllowed = model.people.has(each.person) && !model.over && model.now < model.closesAt
      expect(status === 200).toBe(isAllowed)
      if (isAllowed) model.admitted.add(each.person)
      return
    }
    case 'move': {
      const startsAt = model.now + each.minutes * MINUTE_MS
      const change = { startsAt: new Date(startsAt).toISOString(), durationMinutes: each.length }
      const { status } = await desk('PATCH', at, change, { 'if-match': await version() })
      const endsAt = startsAt + each.length * MINUTE_MS
      const isAllowed = !model.over && model.now < model.closesAt && endsAt > model.now
      expect(status === 200).toBe(isAllowed)
      if (isAllowed) model.move(startsAt, endsAt)
      return
    }
    case 'people': {
      const { status } = await desk('PATCH', at, { participants: each.list }, { 'if-match': await version() })
      const hasModerator = each.list.some((one) => one.role === 'doctor')
      const isAllowed = !model.over && model.now < model.closesAt && hasModerator
      expect(status === 200).toBe(isAllowed)
      if (isAllowed) model.change(each.list)
      return
    }
    case 'invite':
      return invite(model, consultation, each)
    case 'renew': {
      const old = model.issued[each.which % (model.issued.length || 1)]
      if (old === undefined) return
      const answer = await visits.nobody('POST', '/token/renew', { token: old.token })
      expect(answer.status === 200).toBe(model.mayRenew(old))
      renewed += Number(answer.status === 200)
      return checkToken(model, consultation, old.holder, answer)
    }
    case 'revoke': {
      const subject = { ...(each.person === null ? {} : { userId: each.person }) }
      const place = each.here || each.person === null ? { consultationId: consultation.id } : {}
      const age = each.older ? { issuedBefore: new Date(model.now).toISOString() } : {}
      const { status, body } = await desk('POST', '/revocations', { ...subject, ...place, ...age })
      expect(status).toBe(201)
      model.revoked.push({
        id: String(body['id']),
        user: each.person,
        issuedBefore: each.older ? model.now : Infinity,
      })
      return
    }
    case 'lift':
      return liftAll(model)
    case 'end':
    case 'cancel':
      await desk('POST', `${at}/${each.do}`)
      model.over = true
  }
}

/** Checks that the service issues a token exactly when the model does. */
function expectToken(
  model: Model,
  consultation: ConsultationAnswer,
  holder: Person,
  requestedRole: Role | null,
  answer: Awaited<ReturnType<Ask>>,
): void {
  expect(answer.status === 200).toBe(model.mayEnter(holder, requestedRole))
  checkToken(model, consultation, holder, answer)
}

/** Invites a person, who redeems the code at once in a new browser. */
async function invite(
  model: Model,
  consultation: ConsultationAnswer,
  invitee: { person: Person; role: Role },
): Promise<void> {
  const request = { userId: invitee.person, role: invitee.role, name: 'A Name' }
  const { status, body } = await visits.desk('POST', `/consultations/${consultation.id}/invitations`, request)
  const currentRole = model.people.get(invitee.person)
  const isAllowed = !model.over && model.now < model.closesAt && (currentRole ?? invitee.role) === invitee.role
  expect(status === 201).toBe(isAllowed)
  if (!isAllowed) return
  if (currentRole === undefined) model.since.set(invitee.person, model.now)
  model.people.set(invitee.person, invitee.role)
  const answer = await visits.nobody('POST', '/invitations/redeem', { code: body['code'] })
  expect(answer.status === 200).toBe(model.mayEnter(invitee.person, invitee.role))
  checkToken(model, consultation, invitee.person, answer)
}

/** Lifts every revocation. */
async function liftAll(model: Model): Promise<void> {
  for (const { id } of model.revoked) await visits.desk('DELETE', `/revocations/${id}`)
  model.revoked = []
}

/** Checks the claims of a token, if the answer has one. */
function checkToken(
  model: Model,
  consultation: ConsultationAnswer,
  holder: Person,
  { status, body }: Awaited<ReturnType<Ask>>,
): void {
  if (status !== 200) return expect(body).not.toHaveProperty('token')
  const token = String((body as { token?: string }).token)
  const { room, exp = Infinity, context } = decodeJwt(token)
  expect([room, context]).toMatchObject([
    consultation.roomId,
    { user: { id: holder, moderator: model.people.get(holder) === 'doctor' } },
  ])
  expect(exp * 1000).toBeLessThanOrEqual(model.closesAt)
  model.issued.push({ token, holder, issuedAt: model.now, expiresAt: exp * 1000 })
  model.entered.add(holder)
}

it('no sequence of calls yields a token for a user who does not take part, is not admitted or is revoked, or outside the admission window', async () => {
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(step, { minLength: 5, maxLength: 25 }), async (waitingRoom, steps) => {
      // Room names contain the time: a minute between the runs makes them differ.
      visits.time.now += MINUTE_MS
      const model = new Model(waitingRoom, visits.time.now)
      const startsAt = new Date(model.startsAt).toISOString()
      const consultation = await visits.visit({
        doctorId: 'u0',
        patientId: 'u1',
        startsAt,
        durationMinutes: 30,
        waitingRoom,
      })
      try {
        for (const each of steps) await takeStep(model, consultation, each)
      } finally {
        await liftAll(model)
      }
    }),
    { numRuns: 60 },
  )
  expect(renewed).toBeGreaterThan(0)
})
