import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { App } from '../../../src/http/server/app-type.ts'
import { CLINIC, DOCTOR, PATIENT, startService, UNLIMITED, WARD } from '../../kit.ts'
import { wireTo } from '../../support/wire.ts'

const REDIS_URL = process.env['TEST_REDIS_URL']
const skipped = REDIS_URL === undefined ? ' (skipped: no TEST_REDIS_URL)' : ''

/** Sends requests to the instances in turn, fifty at once. @param beforeRound is called with each of the twenty rounds @returns the statuses */
async function thousandRequests(
  apps: readonly App[],
  remoteAddress: string,
  urlOf: (index: number) => string,
  beforeRound: (round: number) => void = () => undefined,
): Promise<number[]> {
  const statuses: number[] = []
  for (let round = 0; round < 20; round += 1) {
    beforeRound(round)
    const answers = Array.from({ length: 50 }, async (_, index) =>
      apps[index % 2]?.inject({ url: urlOf(index), remoteAddress }),
    )
    statuses.push(...(await Promise.all(answers)).map((answer) => answer?.statusCode ?? 0))
  }
  return statuses
}

/** A new address, because Redis may hold the counts of earlier runs. */
const newAddress = (): string => `2001:db8:${randomUUID().slice(0, 4)}:${randomUUID().slice(0, 4)}::1`

describe(`two instances on one Redis${skipped}`, () => {
  it.skipIf(REDIS_URL === undefined)(
    'share one limit: of 1000 requests at 100 per minute, 100 pass, and what was refilled meanwhile',
    async () => {
      const env = { ...UNLIMITED, RATE_LIMIT_PER_ADDRESS: '100', REDIS_URL: REDIS_URL ?? '' }
      const instances = await Promise.all([startService(env), startService(env)])
      const began = performance.now()
      const statuses = await thousandRequests(
        instances.map(({ app }) => app),
        newAddress(),
        (index) => (index % 3 === 0 ? '/nowhere' : '/openapi.yaml'),
      )
      const seconds = (performance.now() - began) / 1000
      const through = statuses.filter((status) => status !== 429).length
      expect(statuses.filter((status) => status >= 500)).toStrictEqual([])
      expect(through).toBeGreaterThanOrEqual(100)
      expect(through).toBeLessThanOrEqual(Math.ceil(100 + (seconds * 100) / 60 + 1))
    },
  )

  it.skipIf(REDIS_URL === undefined)('share the limits of callers, users and rooms, and of failed logins', async () => {
    const run = randomUUID()
    const env = { ...UNLIMITED, RATE_LIMIT_PER_ROOM: '3', RATE_LIMIT_FAILED_LOGINS: '2', REDIS_URL: REDIS_URL ?? '' }
    const instances = await Promise.all([startService(env), startService(env)])
    const roomId = `bharattelemed-${run}`
    const outcomes = []
    for (let i = 0; i < 4; i += 1) {
      outcomes.push(
        await instances[i % 2]?.client.issueToken({ ...DOCTOR, roomId }).then(
          () => 200,
          (error: { code: string }) => error.code,
        ),
      )
    }
    expect(outcomes).toStrictEqual([200, 200, 200, 'rate-limited'])
    const remoteAddress = `2001:db8:${run.slice(0, 4)}:${run.slice(4, 8)}::1`
    const login = async (i: number) =>
      (
        await instances[i % 2]?.app.inject({
          method: 'POST',
          url: '/api/jitsi/token',
          headers: { authorization: `Bearer ${run}` },
          remoteAddress,
        })
      )?.statusCode
    expect([await login(0), await login(1), await login(0), await login(1)]).toStrictEqual([401, 401, 429, 429])
  })
})

it.skipIf(REDIS_URL === undefined)(
  `a Redis that is killed midway lets at most one more limit per instance pass, without a 5xx${skipped}`,
  async () => {
    const wire = await wireTo(REDIS_URL ?? '')
    const env = { ...UNLIMITED, RATE_LIMIT_PER_ADDRESS: '100', REDIS_URL: wire.url }
    const start = () => startService(env, undefined, undefined, {})
    const instances = await Promise.all([start(), start()])
    const began = performance.now()
    let lastBegan = began
    const apps = instances.map(({ app }) => app)
    const statuses = await thousandRequests(
      apps,
      newAddress(),
      () => '/nowhere',
      (round) => {
        if (round === 2) wire.set('cut')
        if (round === 18) lastBegan = performance.now()
      },
    )
    const refilled = ((performance.now() - began) / 60_000) * 300
    expect(statuses.filter((status) => status >= 500)).toStrictEqual([])
    // One limit in Redis before, and one in the memory of each instance after.
    expect(statuses.filter((status) => status !== 429).length).toBeLessThanOrEqual(Math.ceil(300 + refilled + 1))
    // Once its limit is used up, each instance lets one request pass every 600 ms.
    const last = 2 * (1 + (performance.now() - lastBegan) / 600)
    expect(statuses.slice(-100).filter((status) => status !== 429).length).toBeLessThanOrEqual(last)
  },
)

describe('the limits of a token', () => {
  it('of a user are counted apart for each caller', async () => {
    const { client, clientOf, entries } = await startService({ RATE_LIMIT_PER_USER: '2' })
    const request = { ...PATIENT, roomId: 'bharattelemed-ward-1' }
    await client.issueToken(request)
    await client.issueToken({ ...request, userRole: 'doctor' })
    await expect(client.issueToken(request)).rejects.toMatchObject({
      status: 429,
      code: 'rate-limited',
      retryAfterSeconds: 30,
    })
    await client.issueToken({ ...request, userId: 'another' })
    await clientOf(WARD.apiKey).issueToken(request)
    expect(entries().filter(({ code }) => code === 'rate-limited')).toMatchObject([
      { user_id: 'patient-1042', room: 'bharattelemed-ward-1', caller: 'clinic-backend' },
    ])
  })

  it('of a room are counted over all callers and reported in the headers', async () => {
    const { app, clientOf } = await startService({ RATE_LIMIT_PER_ROOM: '2' })
    const payload = { ...PATIENT, roomId: 'bharattelemed-ward-1' }
    const ask = (key: string) =>
      app.inject({ method: 'POST', url: '/api/jitsi/token', headers: { authorization: `Bearer ${key}` }, payload })
    expect((await ask(CLINIC.apiKey)).statusCode).toBe(200)
    expect((await ask(WARD.apiKey)).statusCode).toBe(200)
    const third = await ask(CLINIC.apiKey)
    expect(third.statusCode).toBe(429)
    expect(third.headers['ratelimit-policy']).toBe('"address";q=1200;w=60, "caller";q=600;w=60, "room";q=2;w=60')
    expect(third.headers['ratelimit']).toMatch(/, "room";r=0;t=30$/)
    await clientOf(WARD.apiKey).issueToken({ ...payload, roomId: 'bharattelemed-ward-2' })
  })

  it('of a room cannot be used up by callers that may not enter it', async () => {
    const { client, clientOf } = await startService({ RATE_LIMIT_PER_ROOM: '1' })
    for (let i = 0; i < 3; i += 1) {
      await expect(clientOf(WARD.apiKey).issueToken(PATIENT)).rejects.toMatchObject({ code: 'room-not-allowed' })
    }
    await client.issueToken(PATIENT)
  })
})
