import { metricsPortOf, readConfig } from '../../../src/config/config.ts'
import { describe, expect, it } from 'vitest'
import {
  CLINIC,
  DOCTOR,
  openService,
  PATIENT,
  startService,
  startServiceProcess,
  tempDir,
  testEnv,
  scrape,
} from '../../kit.ts'
import { addressOf } from '../../support/process.ts'

/** The samples of a metrics text, by name and labels. */
async function samplesOf(text: string): Promise<Map<string, number>> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

async function start(env: Record<string, string> = {}) {
  const service = await startService(env)
  return { ...service, samples: async () => samplesOf((await scrape(service.app)).body) }
}

describe('GET /metrics', () => {
  it('counts requests by route, method, status and code, and tokens and refusals by names of the policy', async () => {
    const { app, client, samples } = await start()
    await client.issueToken(DOCTOR)
    await client.issueToken(PATIENT)
    await client.issueToken({ ...DOCTOR, roomId: 'elsewhere' }).catch(() => undefined)
    await app.inject('/api/jitsi/token?x=secret')
    await app.inject(`/nowhere/${'x'.repeat(50)}`)
    const now = await samples()
    const of = (name: string) => now.get(name)
    const route = 'route="/api/jitsi/token",method="POST"'
    expect(of(`jts_http_requests_total{${route},status="200",code=""}`)).toBe(2)
    expect(of(`jts_http_requests_total{${route},status="400",code="invalid-request"}`)).toBe(1)
    expect(of('jts_http_requests_total{route="none",method="GET",status="404",code="not-found"}')).toBe(1)
    expect(of('jts_http_request_duration_seconds_count{route="/api/jitsi/token"}')).toBe(3)
    const issued = (role: string) => `jts_tokens_issued_total{role="${role}",caller="clinic-backend",deployment="jaas"}`
    expect([of(issued('doctor')), of(issued('patient'))]).toStrictEqual([1, 1])
    expect(of('jts_refusals_total{code="invalid-request"}')).toBe(1)
    expect([...now.keys()].join()).not.toMatch(/secret|nowhere|elsewhere|doctor-77/)
  })

  it('reports signing, the audit record, the limits and the key ring', async () => {
    const { app, client, samples } = await start()
    await client.issueToken(DOCTOR)
    await app.inject({
      method: 'POST',
      url: '/api/jitsi/token',
      headers: { authorization: 'Bearer x' },
      payload: DOCTOR,
    })
    const now = await samples()
    const of = (name: string) => now.get(name)
    expect([of('jts_signing_seconds_count'), of('jts_signing_waiting_seconds_count')]).toStrictEqual([1, 1])
    for (const gauge of ['queue_depth', 'under_way', 'expected_wait_seconds'])
      expect(of(`jts_signing_${gauge}`)).toBe(0)
    expect(of('jts_audit_commit_seconds_count')).toBeGreaterThanOrEqual(3)
    expect(of('jts_audit_batch_entries_sum')).toBeGreaterThanOrEqual(3)
    expect(of('jts_audit_commits_failed_total')).toBe(0)
    for (const bucket of ['address', 'caller', 'user', 'room', 'failed'])
      expect(of(`jts_limiter_decisions_total{bucket="${bucket}",outcome="allowed"}`)).toBeGreaterThan(0)
    expect(of('jts_limiter_redis_away')).toBe(0)
    expect(of('jts_change_bus_up')).toBe(1)
    expect([
      of('jts_keys{state="active"}'),
      of('jts_keys{state="next"}'),
      of('jts_keys{state="retired"}'),
    ]).toStrictEqual([1, 0, 0])
    // The keys were admitted by the clock of the machine, which differs from the clock of the kit.
    const age = of('jts_key_active_age_seconds') ?? Number.NaN
    expect((of('jts_key_rotation_due_seconds') ?? Number.NaN) + age).toBeCloseTo(180 * 86_400, 0)
  })

  it('reports no key ring with a shared secret', async () => {
    const { samples } = await start({
      JITSI_DEPLOYMENT: 'self-hosted',
      JITSI_APP_ID: 'clinic',
      JITSI_DOMAIN: 'meet.example.org',
      JITSI_JWT_SECRET: 's'.repeat(32),
    })
    const now = await samples()
    expect([...now.keys()].filter((name) => name.startsWith('jts_key_'))).toStrictEqual([])
    expect(now.get('jts_keys{state="active"}')).toBe(0)
  })

  it('requires METRICS_TOKEN if it is set', async () => {
    const { app } = await startService({ METRICS_TOKEN: 'scraper-0123456789' })
    const ask = async (authorization?: string) =>
      (await app.inject({ url: '/metrics', headers: authorization === undefined ? {} : { authorization } })).statusCode
    expect(await ask('Bearer scraper-0123456789')).toBe(200)
    for (const wrong of [
      undefined,
      '',
      'Bearer',
      'Bearer scraper-012345678',
      'scraper-0123456789',
      `Bearer ${CLINIC.apiKey}`,
    ])
      expect(await ask(wrong)).toBe(401)
  })

  it('is not served on the port of the service in production without a token, but on a port of its own', async () => {
    const { app } = await startService({ METRICS_TOKEN: '' })
    expect((await scrape(app)).statusCode).toBe(404)
    const of = (env: Record<string, string>) => metricsPortOf(readConfig({ ...testEnv(tempDir()), ...env }).config)
    expect(of({ METRICS_TOKEN: '' })).toBe(9464)
    expect(of({ METRICS_TOKEN: '', METRICS_PORT: '9000' })).toBe(9000)
    expect(of({ METRICS_PORT: '9000' })).toBe(9000)
    expect(of({})).toBeUndefined()
    expect(of({ METRICS_TOKEN: '', NODE_ENV: 'development' })).toBeUndefined()
  })

  it('is served only on METRICS_PORT if it is set, with the default process metrics', async () => {
    const dir = tempDir()
    const probe = await openService()
    const free = Number(new URL(await probe.app.listen({ port: 0 })).port)
    await probe.close()
    const running = startServiceProcess(dir, {
      ...testEnv(dir),
      PORT: '0',
      METRICS_TOKEN: '',
      METRICS_PORT: String(free),
    })
    const url = await addressOf(running)
    expect((await fetch(`${url}/metrics`)).status).toBe(404)
    const answer = await fetch(`http://127.0.0.1:${free}/metrics`)
    expect(answer.status).toBe(200)
    const names = [...(await samplesOf(await answer.text())).keys()].join('\n')
    for (const name of ['process_resident_memory_bytes', 'nodejs_eventloop_lag_p99_seconds', 'jts_signing_queue_depth'])
      expect(names).toContain(name)
    expect((await fetch(`http://127.0.0.1:${free}/livez`)).status).toBe(404)
    running.child.kill('SIGTERM')
    expect(await running.ended).toBe(0)
  })
})
