import { describe, expect, it } from 'vitest'
import { CLINIC, DOCTOR, startService } from '../../kit.ts'

const preflight = (origin: string) => ({
  method: 'OPTIONS' as const,
  url: '/api/jitsi/token',
  headers: {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type',
  },
})
const call = (origin: string) => ({
  method: 'POST' as const,
  url: '/api/jitsi/token',
  headers: { origin, authorization: `Bearer ${CLINIC.apiKey}` },
  payload: DOCTOR,
})
const corsHeaders = (headers: object) => Object.keys(headers).filter((name) => name.startsWith('access-control-'))

describe('a page', () => {
  it('of a listed origin may call, and read the headers that it needs', async () => {
    const { app } = await startService({ CORS_ORIGINS: 'https://app.example.org,https://other.example.org' })
    const before = await app.inject(preflight('https://app.example.org'))
    expect(before.statusCode).toBe(204)
    expect(before.headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example.org',
      'access-control-allow-methods': 'GET, HEAD, POST, DELETE',
      'access-control-allow-headers': 'authorization, content-type',
      'access-control-max-age': '600',
      vary: 'Origin',
    })
    expect(before.headers['access-control-allow-credentials']).toBeUndefined()
    const answer = await app.inject(call('https://other.example.org'))
    expect(answer.statusCode).toBe(200)
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': 'https://other.example.org',
      'access-control-expose-headers': 'ratelimit, ratelimit-policy, retry-after, www-authenticate, x-request-id',
    })
  })

  it('of a listed origin can read a refusal too', async () => {
    const { app } = await startService({ CORS_ORIGINS: 'https://app.example.org' })
    const answer = await app.inject({ ...call('https://app.example.org'), payload: '{' })
    expect(answer.statusCode).toBe(415)
    expect(answer.headers['access-control-allow-origin']).toBe('https://app.example.org')
  })

  it.each([
    'https://evil.example',
    'https://app.example.org.evil.example',
    'http://app.example.org',
    'null',
    'https://APP.example.org',
  ])('of %s gets nothing', async (origin) => {
    const { app } = await startService({ CORS_ORIGINS: 'https://app.example.org' })
    const before = await app.inject(preflight(origin))
    expect(before.statusCode).toBe(405)
    expect(corsHeaders(before.headers)).toStrictEqual([])
    expect(corsHeaders((await app.inject(call(origin))).headers)).toStrictEqual([])
  })

  it('of any origin gets nothing by default', async () => {
    const { app } = await startService()
    const before = await app.inject(preflight('https://app.example.org'))
    expect(before.statusCode).toBe(405)
    expect(corsHeaders(before.headers)).toStrictEqual([])
  })
})
