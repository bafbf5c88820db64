import fc from 'fast-check'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ConsultationAnswer } from '../../src/contract/consultation-answer.ts'
import { type Ask, MINUTE_MS, openVisits } from '../visits.ts'

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
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('end' as const, 'cancel' as const) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

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
    const before = is === 'doctor' ? 30 : 15
    return (
      this.now >= this.startsAt - before * MINUTE_MS && (is === 'doctor' || !this.waitingRoom || this.admitted.has(who))
    )
  }

  change(list: readonly { userId: Person; role: Role }[]): void {
    for (const { userId, role: next } of list) if (this.people.get(userId) !== next) this.admitted.delete(userId)
    for (const who of PEOPLE) if (list.every(({ userId }) => userId !== who)) this.admitted.delete(who)
    this.people = new Map(list.map(({ userId, role: next }) => [userId, next]))
  }
}

let visits: Awaited<ReturnType<typeof openVisits>>
const signedIn = new Map<string, Ask>()
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
      if (may) Object.assign(model, { startsAt, endsAt })
      return
    }
    case 'people': {
      const { status } = await desk('PATCH', at, { participants: each.list }, { 'if-match': await version() })
      const may = !model.over && model.now < model.closesAt
      expect(status === 200).toBe(may)
      if (may) model.change(each.list)
      return
    }
    default:
      await desk('POST', `${at}/${each.do}`)
      model.over = true
  }
}

function compare(
  model: Model,
  visit: ConsultationAnswer,
  who: Person,
  as: Role | null,
  { status, body }: Awaited<ReturnType<Ask>>,
): void {
  expect(status === 200).toBe(model.lets(who, as))
  if (status !== 200) return expect(body).not.toHaveProperty('token')
  const { room, exp = Infinity, context } = decodeJwt(String((body as { token?: string }).token))
  expect([room, context]).toMatchObject([
    visit.roomId,
    { user: { id: who, moderator: model.people.get(who) === 'doctor' } },
  ])
  expect(exp * 1000).toBeLessThanOrEqual(model.closesAt)
}

it('no sequence of calls yields a token for who does not take part, out of the window or unadmitted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(step, { minLength: 5, maxLength: 25 }), async (waitingRoom, steps) => {
      // A minute later each time, for the rooms of the two to differ.
      visits.time.now += MINUTE_MS
      const model = new Model(waitingRoom, visits.time.now)
      const startsAt = new Date(model.startsAt).toISOString()
      const visit = await visits.visit({ doctorId: 'u0', patientId: 'u1', startsAt, durationMinutes: 30, waitingRoom })
      for (const each of steps) await take(model, visit, each)
    }),
    { numRuns: 120 },
  )
})
