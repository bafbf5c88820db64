import fc from 'fast-check'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ConsultationAnswer } from '../../../src/contract/consultations/consultation-answer.ts'
import { type Ask, MINUTE_MS, openVisits } from '../../support/consultations.ts'

const PEOPLE = ['u0', 'u1', 'u2', 'u3'] as const
const ROLES = ['doctor', 'patient'] as const
type Role = (typeof ROLES)[number]
type Person = (typeof PEOPLE)[number]

const person = fc.constantFrom(...PEOPLE)
const role = fc.constantFrom(...ROLES)
const minutes = fc.integer({ min: -40, max: 120 })

/** What anybody may do, in any order. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 45 }) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('ask' as const), person, role: fc.option(role) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('sign-in' as const), person, role }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('admit' as const), person }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('move' as const), minutes, length: fc.integer({ min: 5, max: 60 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('people' as const),
      list: fc.uniqueArray(fc.record({ userId: person, role }), { selector: ({ userId }) => userId, minLength: 1 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('invite' as const), person, role }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('renew' as const), which: fc.nat({ max: 30 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('revoke' as const),
      person: fc.option(person),
      here: fc.boolean(),
      older: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lift' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('end' as const, 'cancel' as const) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

type Issued = { token: string; who: Person; at: number; until: number }
type Revoked = { id: string; who: Person | null; before: number }

/** What the rules of entering come to, told a second time and from nothing but what was asked. */
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
  /** Every token that was issued, and since when and whether each person could have had one that still counts. */
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

  /** Whether somebody may have a token now. */
  lets(who: Person, as: Role | null): boolean {
    const is = this.people.get(who)
    if (is === undefined || (as !== null && as !== is) || this.over || this.now >= this.closesAt) return false
    if (this.bars(who)) return false
    const before = is === 'doctor' ? 30 : 15
    return (
      this.now >= this.startsAt - before * MINUTE_MS && (is === 'doctor' || !this.waitingRoom || this.admitted.has(who))
    )
  }

  /** Whether a revocation stands against a new token, or the renewal of one. */
  bars(whom: Person, at = Infinity): boolean {
    return this.revoked.some(({ who, before }) => (who ?? whom) === whom && (before === Infinity || at < before))
  }

  /** Whether a token may be renewed now. */
  renews({ who, at, until }: Issued): boolean {
    const counts = this.entered.has(who) && at >= (this.since.get(who) ?? 0) && this.now <= until + 10 * MINUTE_MS
    return counts && this.lets(who, null) && !this.bars(who, at)
  }

  move(startsAt: number, endsAt: number): void {
    const comingAnew = startsAt === this.startsAt ? [] : PEOPLE.filter((who) => !this.entered.has(who))
    for (const who of comingAnew) {
      this.admitted.delete(who)
      this.since.set(who, this.now)
    }
    Object.assign(this, { startsAt, endsAt })
  }

  change(list: readonly { userId: Person; role: Role }[]): void {
    for (const { userId, role: next } of list) if (this.people.get(userId) !== next) this.admitted.delete(userId)
    for (const who of PEOPLE) if (list.every(({ userId }) => userId !== who)) this.admitted.delete(who)
    for (const who of PEOPLE) {
      if (this.people.get(who) === list.find(({ userId }) => userId === who)?.role) continue
      this.since.set(who, this.now)
      this.entered.delete(who)
    }
    this.people = new Map(list.map(({ userId, role: next }) => [userId, next]))
  }
}

let visits: Awaited<ReturnType<typeof openVisits>>
const signedIn = new Map<string, Ask>()
let renewed = 0
beforeAll(async () => {
  // What the record does is not the question here, and its commits would take most of the time.
  visits = await openVisits({}, () => ({ ledger: { append: async () => undefined, probe: async () => undefined } }))
  for (const who of PEOPLE) for (const as of ROLES) signedIn.set(`${who} ${as}`, await visits.user(who, as))
})
afterAll(() => visits.close())

/** Does a step at the service and in the model, and compares. */
async function take(model: Model, visit: ConsultationAnswer, each: Step): Promise<void> {
  const at = `/consultations/${visit.id}`
  const { desk, time } = visits
  const version = async () => String((await desk('GET', at)).headers['etag'])
  switch (each.do) {
    case 'wait':
      model.now += each.minutes * MINUTE_MS
      time.now = model.now
      return
    case 'ask': {
      const as = each.role === null ? {} : { userRole: each.role }
      const request = { roomId: visit.roomId, userId: each.person, userName: 'A Name', ...as }
      return compare(model, visit, each.person, each.role, await desk('POST', '/token', request))
    }
    case 'sign-in': {
      const ask = signedIn.get(`${each.person} ${each.role}`) ?? desk
      return compare(model, visit, each.person, each.role, await ask('POST', '/token', { roomId: visit.roomId }))
    }
    case 'admit': {
      const { status } = await desk('POST', `${at}/admit`, { userId: each.person })
      const may = model.people.has(each.person) && !model.over && model.now < model.closesAt
      expect(status === 200).toBe(may)
      if (may) model.admitted.add(each.person)
      return
    }
    case 'move': {
      const startsAt = model.now + each.minutes * MINUTE_MS
      const change = { startsAt: new Date(startsAt).toISOString(), durationMinutes: each.length }
      const { status } = await desk('PATCH', at, change, { 'if-match': await version() })
      const endsAt = startsAt + each.length * MINUTE_MS
      const may = !model.over && model.now < model.closesAt && endsAt > model.now
      expect(status === 200).toBe(may)
      if (may) model.move(startsAt, endsAt)
      return
    }
    case 'people': {
      const { status } = await desk('PATCH', at, { participants: each.list }, { 'if-match': await version() })
      const moderated = each.list.some((one) => one.role === 'doctor')
      const may = !model.over && model.now < model.closesAt && moderated
      expect(status === 200).toBe(may)
      if (may) model.change(each.list)
      return
    }
    case 'invite':
      return invite(model, visit, each)
    case 'renew': {
      const old = model.issued[each.which % (model.issued.length || 1)]
      if (old === undefined) return
      const answer = await visits.nobody('POST', '/token/renew', { token: old.token })
      expect(answer.status === 200).toBe(model.renews(old))
      renewed += Number(answer.status === 200)
      return inspect(model, visit, old.who, answer)
    }
    case 'revoke': {
      const names = { ...(each.person === null ? {} : { userId: each.person }) }
      const place = each.here || each.person === null ? { consultationId: visit.id } : {}
      const age = each.older ? { issuedBefore: new Date(model.now).toISOString() } : {}
      const { status, body } = await desk('POST', '/revocations', { ...names, ...place, ...age })
      expect(status).toBe(201)
      model.revoked.push({
        id: String(body['id']),
        who: each.person,
        before: each.older ? model.now : Infinity,
      })
      return
    }
    case 'lift':
      return lift(model)
    case 'end':
    case 'cancel':
      await desk('POST', `${at}/${each.do}`)
      model.over = true
  }
}

function compare(
  model: Model,
  visit: ConsultationAnswer,
  who: Person,
  as: Role | null,
  answer: Awaited<ReturnType<Ask>>,
): void {
  expect(answer.status === 200).toBe(model.lets(who, as))
  inspect(model, visit, who, answer)
}

/** Invites somebody, who opens the link at once in a browser of its own. */
async function invite(model: Model, visit: ConsultationAnswer, whom: { person: Person; role: Role }): Promise<void> {
  const request = { userId: whom.person, role: whom.role, name: 'A Name' }
  const { status, body } = await visits.desk('POST', `/consultations/${visit.id}/invitations`, request)
  const is = model.people.get(whom.person)
  const may = !model.over && model.now < model.closesAt && (is ?? whom.role) === whom.role
  expect(status === 201).toBe(may)
  if (!may) return
  if (is === undefined) model.since.set(whom.person, model.now)
  model.people.set(whom.person, whom.role)
  const answer = await visits.nobody('POST', '/invitations/redeem', { code: body['code'] })
  expect(answer.status === 200).toBe(model.lets(whom.person, whom.role))
  inspect(model, visit, whom.person, answer)
}

/** Lifts every revocation. */
async function lift(model: Model): Promise<void> {
  for (const { id } of model.revoked) await visits.desk('DELETE', `/revocations/${id}`)
  model.revoked = []
}

/** Checks what a token says, if there is one. */
function inspect(
  model: Model,
  visit: ConsultationAnswer,
  who: Person,
  { status, body }: Awaited<ReturnType<Ask>>,
): void {
  if (status !== 200) return expect(body).not.toHaveProperty('token')
  const token = String((body as { token?: string }).token)
  const { room, exp = Infinity, context } = decodeJwt(token)
  expect([room, context]).toMatchObject([
    visit.roomId,
    { user: { id: who, moderator: model.people.get(who) === 'doctor' } },
  ])
  expect(exp * 1000).toBeLessThanOrEqual(model.closesAt)
  model.issued.push({ token, who, at: model.now, until: exp * 1000 })
  model.entered.add(who)
}

it('no sequence of calls yields a token for who does not take part, out of the window, unadmitted or revoked', async () => {
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(step, { minLength: 5, maxLength: 25 }), async (waitingRoom, steps) => {
      // A minute later each time, for the rooms of the two to differ.
      visits.time.now += MINUTE_MS
      const model = new Model(waitingRoom, visits.time.now)
      const startsAt = new Date(model.startsAt).toISOString()
      const visit = await visits.visit({ doctorId: 'u0', patientId: 'u1', startsAt, durationMinutes: 30, waitingRoom })
      try {
        for (const each of steps) await take(model, visit, each)
      } finally {
        await lift(model)
      }
    }),
    { numRuns: 60 },
  )
  expect(renewed).toBeGreaterThan(0)
})
