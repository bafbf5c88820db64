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
      'access-control-allow-methods': 'GET, HEAD, POST, PATCH, DELETE',
      'access-control-allow-headers':
        'authorization, content-type, idempotency-key, if-match, last-event-id, x-on-behalf-of, x-request-id',
      'access-control-allow-credentials': 'true',
      'access-control-max-age': '600',
      vary: 'Origin',
    })
    const answer = await app.inject(call('https://other.example.org'))
    expect(answer.statusCode).toBe(200)
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': 'https://other.example.org',
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers':
        'content-disposition, etag, idempotency-replayed, location, ratelimit, ratelimit-policy, retry-after, www-authenticate, x-request-id',
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
    expect(before.statusCode).toBe(403)
    expect(before.json()).toMatchObject({
      code: 'origin-not-allowed',
      detail: expect.stringContaining('CORS_ORIGINS') as string,
    })
    expect(corsHeaders(before.headers)).toStrictEqual([])
    expect(corsHeaders((await app.inject(call(origin))).headers)).toStrictEqual([])
  })

  it('of any origin gets nothing by default', async () => {
    const { app } = await startService()
    const before = await app.inject(preflight('https://app.example.org'))
    expect(before.statusCode).toBe(403)
    expect(before.json()).toMatchObject({
      code: 'origin-not-allowed',
      detail: expect.stringContaining('CORS_ORIGINS') as string,
    })
    expect(corsHeaders(before.headers)).toStrictEqual([])
  })

  it('of a listed origin can read the refusal of a limit, whose preflight is not counted', async () => {
    const { app } = await startService({ CORS_ORIGINS: 'https://app.example.org', RATE_LIMIT_PER_ADDRESS: '1' })
    const answers = []
    for (let tries = 0; tries < 3; tries += 1) {
      expect((await app.inject(preflight('https://app.example.org'))).statusCode).toBe(204)
      answers.push(await app.inject(call('https://app.example.org')))
    }
    const refused = answers.at(-1)
    expect(refused?.statusCode).toBe(429)
    expect(refused?.headers['access-control-allow-origin']).toBe('https://app.example.org')
    expect(refused?.headers['access-control-expose-headers']).toContain('retry-after')
  })

  it('of any origin may call with *, without credentials', async () => {
    const { app } = await startService({ CORS_ORIGINS: '*', NODE_ENV: 'test' })
    const { headers } = await app.inject(preflight('https://app.example.org'))
    expect(headers['access-control-allow-origin']).toBe('*')
    expect(headers['access-control-allow-credentials']).toBeUndefined()
  })

  it.each(['http://localhost:5173', 'http://127.0.0.1:8080', 'https://[::1]:8443', 'http://localhost'])(
    'on %s may call in development only',
    async (origin) => {
      const development = await startService({ NODE_ENV: 'development' })
      const allowed = await development.app.inject(preflight(origin))
      expect(allowed.headers).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
      })
      const { app } = await startService()
      expect((await app.inject(preflight(origin))).statusCode).toBe(403)
    },
  )

  it('of a host that only looks local may not', async () => {
    const { app } = await startService({ NODE_ENV: 'development' })
    for (const origin of ['http://localhost.evil.example', 'http://127.0.0.1.evil.example', 'http://localhost@evil'])
      expect((await app.inject(preflight(origin))).statusCode).toBe(403)
  })

  it('may send every header and method that a route reads', async () => {
    const { app } = await startService({ CORS_ORIGINS: 'https://app.example.org' })
    const { headers } = await app.inject(preflight('https://app.example.org'))
    const [allowed, methods] = [
      String(headers['access-control-allow-headers']).split(', '),
      String(headers['access-control-allow-methods']).split(', '),
    ]
    type Parameter = { in?: string; name?: string; $ref?: string }
    const { paths, components } = app.openApi() as {
      paths: Record<string, Record<string, { parameters?: Parameter[] }>>
      components: { parameters: Record<string, Parameter> }
    }
    const named = new Set<string | undefined>()
    for (const [method, { parameters = [] }] of Object.values(paths).flatMap((path) => Object.entries(path))) {
      expect(methods).toContain(method.toUpperCase())
      for (const parameter of parameters) {
        const found = components.parameters[parameter.$ref?.split('/').at(-1) ?? ''] ?? parameter
        if (found.in === 'header') named.add(found.name)
      }
    }
    expect(named.size).toBeGreaterThan(2)
    expect(allowed).toEqual(expect.arrayContaining([...named]))
  })
})
