import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readConfig } from '../../../src/config/config.ts'
import type { ConsultationAnswer, ConsultationPage } from '../../../src/contract/consultations/consultation-answer.ts'
import { removeBasePath } from '../../../src/http/server/base-path.ts'
import { startService, UNLIMITED } from '../../kit.ts'
import { browserOf, type Made } from '../../support/invitations.ts'
import { asking, DESK, startVisits, VISIT, visitPolicy } from '../../support/consultations.ts'

const BASE = '/clinic/tokens'
const published = { BASE_PATH: BASE }

describe('BASE_PATH', () => {
  it.each([
    ['', ''],
    ['/', ''],
    ['/tokens', '/tokens'],
    ['/tokens/', '/tokens'],
    ['/clinic/tokens-v2/~a_b.c', '/clinic/tokens-v2/~a_b.c'],
    ['/clinic/api', '/clinic/api'],
  ])('accepts %j as %j', (text, path) => {
    const { config, errors } = readConfig({ BASE_PATH: text })
    expect([config.BASE_PATH, errors]).toStrictEqual([path, []])
  })

  it.each([
    'tokens',
    '//tokens',
    '/to kens',
    '/tokens?x',
    '/tokens#x',
    '/../tokens',
    '/tokens/..',
    '/./a',
    '/%74okens',
    '/tökens',
    'https://clinic.example.org/tokens',
  ])('refuses %j', (text) => {
    expect(readConfig({ BASE_PATH: text }).errors).toMatchObject([
      expect.stringMatching(/^BASE_PATH: .*a path such as \/tokens/),
    ])
  })

  it('refuses the first part of every path of the service, which a proxy could have removed or not', async () => {
    const { app } = await startService()
    const routes = Object.keys((parse((await app.inject('/openapi.yaml')).body) as { paths: object }).paths)
    const own = new Set([...routes, '/docs', '/metrics', '/join'].map((path) => `/${path.split('/')[1]}`))
    const refused = [...own].filter((path) => readConfig({ BASE_PATH: `${path}/x` }).errors.length > 0)
    expect(own.size).toBeGreaterThan(6)
    expect(refused).toStrictEqual([...own])
  })
})

describe('the path of a request', () => {
  it.each([
    [`${BASE}/livez`, '/livez'],
    [BASE, '/'],
    [`${BASE}/`, '/'],
    [`${BASE}?a=1`, '/?a=1'],
    [`${BASE}/docs/?a=${BASE}`, `/docs/?a=${BASE}`],
    ['/livez', '/livez'],
    [`${BASE}-other/livez`, `${BASE}-other/livez`],
    [`${BASE}${BASE}/livez`, `${BASE}/livez`],
    [`/x${BASE}/livez`, `/x${BASE}/livez`],
  ])('%s is %s', (url, path) => {
    expect(removeBasePath(url, BASE)).toBe(path)
  })

  it('is the same whether the proxy removed the base path or not, and unchanged without one', () => {
    const part = fc.stringMatching(/^[a-z.?=&%2]{0,6}$/)
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
        const url = `/${parts.join('/')}`
        expect(removeBasePath(BASE + url, BASE)).toBe(url)
        expect(removeBasePath(url, BASE)).toBe(url)
        expect(removeBasePath(url, '')).toBe(url)
      }),
    )
  })
})

describe('a service published under a path', () => {
  it('answers with and without the path, and other paths with 404', async () => {
    const { app } = await startService(published)
    const statuses = ['/livez', `${BASE}/livez`, `${BASE}/openapi.yaml`, `${BASE}/x`, `${BASE}x/livez`, BASE].map(
      async (url) => (await app.inject(url)).statusCode,
    )
    expect(await Promise.all(statuses)).toStrictEqual([200, 200, 200, 404, 404, 404])
    const { statusCode, headers } = await app.inject({ method: 'DELETE', url: `${BASE}/livez` })
    expect([statusCode, headers['allow']]).toStrictEqual([405, 'GET, HEAD'])
    expect((await app.inject(`${BASE}/%zz`)).statusCode).toBe(404)
  })

  it('has the path in Location and links, also those of a repeated request, a list and a change', async () => {
    const { desk } = await startVisits(published)
    const key = { 'idempotency-key': 'k-1' }
    const first = await desk<ConsultationAnswer>('POST', '/consultations', VISIT, key)
    const self = `${BASE}/api/jitsi/consultations/${first.body.id}`
    expect([first.status, first.headers['location']]).toStrictEqual([201, self])
    const links = {
      self,
      events: `${self}/events`,
      waiting: `${self}/waiting`,
      invitations: `${self}/invitations`,
      calendar: `${self}/calendar.ics`,
    }
    const path = `/consultations/${first.body.id}`
    const again = await desk<ConsultationAnswer>('POST', '/consultations', VISIT, key)
    const read = await desk<ConsultationAnswer>('GET', path)
    const changed = await desk<ConsultationAnswer>('PATCH', path, { durationMinutes: 20 }, { 'if-match': '"1"' })
    const { consultations } = (await desk<ConsultationPage>('GET', '/consultations')).body
    const ended = await desk<ConsultationAnswer>('POST', `${path}/cancel`)
    const answers = [first.body, again.body, read.body, changed.body, ...consultations, ended.body]
    expect(answers.map((answer) => answer.links)).toStrictEqual(answers.map(() => links))
    expect(answers).toHaveLength(6)
    expect(again.headers['location']).toBe(self)
  })

  it('gives the cookie for its path only, so that other services of the host do not get it', async () => {
    const { app } = await startService({ ...UNLIMITED, ...published }, undefined, visitPolicy())
    const [desk, nobody] = [asking(app, DESK.apiKey), asking(app, undefined)]
    const { startsAt: _later, ...now } = VISIT
    const { body } = await desk<ConsultationAnswer>('POST', '/consultations', now)
    const path = `/consultations/${body.id}/invitations`
    const { code } = (await desk<Made>('POST', path, { role: 'patient', name: 'Asha Rao' })).body
    const browser = browserOf(nobody)
    const { status, headers } = await browser.redeem(code)
    expect(status).toBe(200)
    expect(headers['set-cookie']).toMatch(
      /^__Secure-visit=[0-9a-f]{64}; Max-Age=\d+; Path=\/clinic\/tokens\/; HttpOnly; Secure; SameSite=Strict$/,
    )
    expect((await browser.redeem(undefined, { consultationId: body.id })).status).toBe(200)
    const withoutPrefix = (browser.cookie() ?? '').replace('__Secure-', '')
    const refused = await nobody('GET', '/visits', undefined, {
      cookie: withoutPrefix,
      'sec-fetch-site': 'same-origin',
    })
    expect(refused).toMatchObject({ status: 401, body: { code: 'no-visit' } })
  })

  it('names the path and the cookie in its OpenAPI document', async () => {
    const { app } = await startService(published)
    expect(parse((await app.inject('/openapi.yaml')).body)).toMatchObject({
      servers: [{ url: BASE }],
      components: { securitySchemes: { visit: { name: '__Secure-visit' } } },
    })
  })

  it('serves its documentation page with links that work behind the proxy', async () => {
    const { app } = await startService(published)
    for (const url of [`${BASE}/docs`, `${BASE}/docs/`]) {
      const { body, statusCode } = await app.inject(url)
      expect(statusCode).toBe(200)
      const parts = [...body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part]) => part ?? '')
      expect(parts.length).toBeGreaterThan(3)
      for (const part of parts) {
        const { pathname } = new URL(part, `https://clinic.example.org${url}`)
        expect(pathname).toMatch(/^\/clinic\/tokens\/docs\/static\//)
        expect((await app.inject(pathname)).statusCode).toBe(200)
      }
    }
    const moved = await app.inject(`${BASE}/docs/static/index.html`)
    expect([moved.statusCode, moved.headers['location']]).toStrictEqual([302, `${BASE}/docs/`])
  })
})
