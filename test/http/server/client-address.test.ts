import { describe, expect, it } from 'vitest'
import type { Deps } from '../../../src/app/compose.ts'
import { CLINIC, DOCTOR, scrape, startService } from '../../kit.ts'

/** A service behind a trusted proxy, and the buckets that its limiter counted. */
async function start(env: Record<string, string> = {}) {
  const buckets = new Map<string, number>()
  const countBuckets = ({ limiter }: Deps): Partial<Deps> => ({
    limiter: {
      take: (key, perMinute) => {
        buckets.set(key, (buckets.get(key) ?? 0) + 1)
        return limiter.take(key, perMinute)
      },
    },
  })
  const service = await startService({ TRUST_PROXY: '127.0.0.1', ...env }, countBuckets)
  const ask = async (headers: Record<string, string | string[]>, credential = 'guess') =>
    (
      await service.app.inject({
        method: 'POST',
        url: '/api/jitsi/token',
        headers: { authorization: `Bearer ${credential}`, ...headers },
        payload: DOCTOR,
      })
    ).statusCode
  const networks = () => [...buckets.keys()].filter((key) => !/^(caller|user|room|failed:credential)/.test(key))
  return { ...service, buckets, networks, ask }
}

describe('the address of a client behind a proxy', () => {
  it('is one address whatever its port: for the limits and in the record', async () => {
    const { ask, buckets, networks, entries } = await start({ RATE_LIMIT_FAILED_LOGINS: '3' })
    const statuses = []
    for (const port of [50_001, 50_002, 50_003, 50_004])
      statuses.push(await ask({ 'x-forwarded-for': `203.0.113.8:${port}` }, `guess-${port}`))
    expect(statuses).toStrictEqual([401, 401, 401, 429])
    expect(networks()).toStrictEqual(['address:203.0.113.8', 'failed:203.0.113.8'])
    expect(buckets.get('address:203.0.113.8')).toBe(4)
    expect(await ask({ 'x-forwarded-for': '[2001:db8::1]:50005' }, CLINIC.apiKey)).toBe(200)
    expect(networks()).toContain('address:2001:db8::')
    expect(entries().map(({ address }) => address)).toStrictEqual(['203.0.113.0/24', '2001:db8::/48'])
  })

  it('is that of the proxy for garbage, which takes no memory', async () => {
    const { ask, buckets } = await start({ RATE_LIMIT_PER_ADDRESS: '1000000' })
    for (let i = 0; i < 300; i += 1) {
      await ask({ 'x-forwarded-for': `${i}${'x'.repeat(12_000)}` })
      await ask({ 'x-forwarded-for': `_obfuscated${i}, unknown` })
    }
    expect([...buckets.keys()].filter((key) => key.startsWith('address:'))).toStrictEqual(['address:127.0.0.1'])
    expect([...buckets.keys()].every((key) => key.length < 100)).toBe(true)
  })

  it('is read from Forwarded only if the setting says so', async () => {
    const headers = { forwarded: 'for="[2001:db8::1]:1";proto=https', 'x-forwarded-for': '203.0.113.8' }
    const byForwarded = await start({ FORWARDED_HEADER: 'forwarded' })
    await byForwarded.ask(headers)
    expect(byForwarded.networks()[0]).toBe('address:2001:db8::')
    const byDefault = await start()
    await byDefault.ask(headers)
    expect(byDefault.networks()[0]).toBe('address:203.0.113.8')
  })

  it('is read over the number of proxies that TRUST_PROXY gives', async () => {
    const { ask, networks } = await start({ TRUST_PROXY: '2' })
    await ask({ 'x-forwarded-for': '198.51.100.1, 203.0.113.8, 10.0.0.7' })
    expect(networks()[0]).toBe('address:203.0.113.8')
  })

  it('is read from all headers of that name together', async () => {
    const { ask, networks } = await start({ TRUST_PROXY: '127.0.0.1, 10.0.0.0/8' })
    await ask({ 'x-forwarded-for': ['198.51.100.1', '203.0.113.8, 10.0.0.7'] })
    expect(networks()[0]).toBe('address:203.0.113.8')
  })
})

it('a forwarded header of an untrusted peer is ignored, logged once without its value, and counted', async () => {
  const { app, ask, networks, logLines } = await start({ TRUST_PROXY: '10.0.0.1' })
  for (const name of ['x-forwarded-for', 'forwarded', 'x-forwarded-for']) await ask({ [name]: '203.0.113.8' })
  expect(networks()[0]).toBe('address:127.0.0.1')
  const warnings = logLines.filter((line) => line.includes('TRUST_PROXY'))
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).not.toContain('203.0.113.8')
  expect((await scrape(app)).body).toContain('jts_untrusted_forwarded_headers_total 3')
})
