import { expect, it } from 'vitest'
import { createReadinessCheck } from '../../../src/service/readiness.ts'
import { startService } from '../../kit.ts'

it('the process is alive, and ready once key and store are available', async () => {
  const { app } = await startService()
  const alive = await app.inject('/livez')
  expect([alive.statusCode, alive.json()]).toStrictEqual([200, { status: 'ok' }])
  const ready = await app.inject('/readyz')
  expect([ready.statusCode, ready.json()]).toStrictEqual([
    200,
    { ready: true, checks: { signingKey: 'ok', keyRing: 'ok', store: 'ok', accepting: 'ok' } },
  ])
})

it('the probes answer HEAD', async () => {
  const { app } = await startService()
  expect((await app.inject({ method: 'HEAD', url: '/livez' })).statusCode).toBe(200)
  expect((await app.inject({ method: 'HEAD', url: '/readyz' })).statusCode).toBe(200)
})

it('the store is probed at most once a second, and becomes ready again by itself', async () => {
  let now = 0
  let asked = 0
  let works = false
  const probe = async () => {
    asked += 1
    if (!works) throw new Error('away')
  }
  const readiness = createReadinessCheck({
    ledger: { append: () => Promise.resolve(''), probe },
    keys: { isStale: () => true },
    clock: () => now,
    accepting: () => true,
  })
  for (let i = 0; i < 10; i += 1) expect((await readiness()).ready).toBe(false)
  expect(asked).toBe(1)
  works = true
  now = 1000
  // Invalid key files are reported, but the key ring in force still works, so the instance stays ready.
  expect(await readiness()).toMatchObject({ ready: true, checks: { keyRing: 'failing' } })
  expect(asked).toBe(2)
})

it('a probe result is not cached for longer when the clock is set back', async () => {
  let now = 3_600_000
  let works = true
  const probe = () => (works ? Promise.resolve() : Promise.reject(new Error('away')))
  const readiness = createReadinessCheck({
    ledger: { append: () => Promise.resolve(''), probe },
    keys: { isStale: () => false },
    clock: () => now,
    accepting: () => true,
  })
  expect((await readiness()).ready).toBe(true)
  works = false
  now = 0
  expect((await readiness()).ready).toBe(false)
})
