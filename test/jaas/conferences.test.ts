import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readConfig } from '../../src/config/config.ts'
import { createJaasConferences } from '../../src/jaas/conferences.ts'
import { APP_ID, startService } from '../kit.ts'

type ReceivedRequest = { method: string; path: string; type: string | undefined; token: string; body: string }
type Answer = (response: ServerResponse, request: IncomingMessage) => void

const OK: Answer = (response) => response.writeHead(200).end('{}')

/** Simulates the management endpoints: each request gets the next of these answers, and 200 after the last one. */
async function startEndpoints(...answers: Answer[]) {
  const requests: ReceivedRequest[] = []
  const server: Server = createServer((request, response) => {
    let body = ''
    request.on('data', (part: Buffer) => (body += part.toString()))
    request.on('end', () => {
      requests.push({
        method: request.method ?? '',
        path: request.url ?? '',
        type: request.headers['content-type'],
        token: request.headers.authorization?.replace(/^Bearer /, '') ?? '',
        body,
      })
      ;(answers[requests.length - 1] ?? OK)(response, request)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { requests, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** The service with simulated endpoints. Outside production they may use http. */
async function startManaged() {
  const { requests, origin } = await startEndpoints()
  const service = await startService({ NODE_ENV: 'test', JAAS_MANAGEMENT: 'on', JAAS_MANAGEMENT_URL: origin })
  const { conferences } = service.parts
  if (conferences === undefined) throw new Error('conference management is off')
  return { ...service, requests, conferences }
}

const conferencesAt = (
  origin: string,
  timeoutMs?: number,
  createAdminToken = () => Promise.resolve('a.secret.token'),
) => createJaasConferences({ origin, appId: APP_ID, createAdminToken }, timeoutMs)

const unavailable = { name: 'ServiceFault', code: 'conference-unavailable' }

describe('people are removed from a meeting', () => {
  it('by three kinds of requests, each with its own token', async () => {
    const { requests, conferences } = await startManaged()
    await conferences.banUser('doctor-77')
    await conferences.destroy('bharattelemed-p1042')
    await conferences.kick('bharattelemed-p1042', '1a2b3c4d')
    expect(requests.map(({ method, path, type, body }) => [method, path, type, body])).toStrictEqual([
      ['POST', `/v1/_jaas/jaccess/v1/access-management/${APP_ID}/ban/user/doctor-77`, undefined, ''],
      [
        'POST',
        '/v1/_jaas/conference-commands/v1/meeting',
        'application/json',
        `{"action":"DESTROY","payload":{"conferenceFullName":"bharattelemed-p1042@conference.${APP_ID}.8x8.vc"}}`,
      ],
      [
        'POST',
        '/v1/_jaas/conference-commands/v1/meeting',
        'application/json',
        `{"action":"KICK_PARTICIPANT","payload":{"conferenceFullName":"bharattelemed-p1042@conference.${APP_ID}.8x8.vc","participantId":"1a2b3c4d"}}`,
      ],
    ])
  })

  it('with a token that the published key verifies, that is valid for a minute and gives no access to meetings', async () => {
    const { app, requests, conferences } = await startManaged()
    const before = Math.floor(Date.now() / 1000)
    await conferences.destroy('bharattelemed-p1042')
    const after = Math.floor(Date.now() / 1000)
    const jwks = (await app.inject('/.well-known/jwks.json')).json<JSONWebKeySet>()
    const { payload, protectedHeader } = await jwtVerify(requests[0]?.token ?? '', createLocalJWKSet(jwks))
    const exp = Number(payload.exp)
    expect(protectedHeader).toStrictEqual({ alg: 'RS256', typ: 'JWT', kid: `${APP_ID}/test-key` })
    expect(payload).toStrictEqual({ aud: 'jitsi', iss: 'chat', sub: APP_ID, nbf: exp - 60, exp, admin: true })
    expect(exp).toBeGreaterThanOrEqual(before + 50)
    expect(exp).toBeLessThanOrEqual(after + 50)
  })

  it('by any user id, at the same endpoint', async () => {
    const { requests, origin } = await startEndpoints()
    const conferences = conferencesAt(origin)
    const ids = ['a/../b', '%2e%2e', '?x#y', 'Ärztin 7', '...']
    for (const id of ids) await conferences.banUser(id)
    const prefix = `/v1/_jaas/jaccess/v1/access-management/${APP_ID}/ban/user/`
    expect(
      requests.map(({ path }) => [path.slice(0, prefix.length), decodeURIComponent(path.slice(prefix.length))]),
    ).toStrictEqual(ids.map((id) => [prefix, id]))
    expect(requests.some(({ path }) => /[?#]/.test(path))).toBe(false)
  })

  it.each(['', '.', '..', '\ud800'])('unless the id %j cannot be used in a path', async (id) => {
    const { requests, origin } = await startEndpoints()
    await expect(conferencesAt(origin).banUser(id)).rejects.toMatchObject(unavailable)
    expect(requests).toStrictEqual([])
  })
})

const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(code, headers).end('a.secret.answer')
const cut: Answer = (_response, { socket }) => socket.destroy()
const hang: Answer = () => undefined

describe('failing endpoints', () => {
  it.each([
    ['500', status(500), 1],
    ['429', status(429, { 'retry-after': '1' }), 1],
    ['401', status(401), 1],
    ['404', status(404), 1],
    ['503, twice', status(503), 2],
    ['a cut connection, twice', cut, 2],
    ['no answer', hang, 1],
  ] as [string, Answer, number][])('with %s cause conference-unavailable', async (_what, answer, times) => {
    const { requests, origin } = await startEndpoints(answer, answer)
    const error: unknown = await conferencesAt(origin, 200)
      .kick('room-of-asha', 'participant-id')
      .catch((caught: unknown) => caught)
    expect(error).toMatchObject(unavailable)
    expect(requests).toHaveLength(times)
    const text = inspect(error, { depth: 9, showHidden: true })
    expect(text).not.toMatch(/secret|room-of-asha|participant-id/)
  })

  it.each([
    ['502', status(502)],
    ['503', status(503)],
    ['504', status(504)],
    ['a cut connection', cut],
  ])('with %s once get the same request once more', async (_what, answer) => {
    const { requests, origin } = await startEndpoints(answer)
    await conferencesAt(origin).kick('room', 'p')
    expect(requests).toHaveLength(2)
    expect(requests[1]).toStrictEqual(requests[0])
  })

  it('with a redirect cause conference-unavailable, and the target does not get the token', async () => {
    const elsewhere = await startEndpoints()
    for (const code of [301, 302, 307, 308]) {
      const { requests, origin } = await startEndpoints(status(code, { location: `${elsewhere.origin}/` }))
      await expect(conferencesAt(origin).destroy('room')).rejects.toMatchObject(unavailable)
      expect(requests).toHaveLength(1)
    }
    expect(elsewhere.requests).toStrictEqual([])
  })

  it('with an endless answer are not read to the end', async () => {
    const state = { sent: 0, closed: false }
    const { origin } = await startEndpoints((response) => {
      response.writeHead(200)
      const part = Buffer.alloc(65_536)
      const sendMore = (): void => {
        while (!state.closed && response.write(part)) state.sent += part.length
      }
      response.on('drain', sendMore).on('close', () => (state.closed = true))
      sendMore()
    })
    await conferencesAt(origin).destroy('room')
    await expect.poll(() => state.closed).toBe(true)
    expect(state.sent).toBeLessThan(32 * 1024 * 1024)
  })

  it('that cannot be reached, or a failing signature, cause conference-unavailable', async () => {
    await expect(conferencesAt('http://127.0.0.1:9').destroy('room')).rejects.toMatchObject(unavailable)
    const { requests, origin } = await startEndpoints()
    const broken = conferencesAt(origin, undefined, () => Promise.reject(new Error('broken')))
    await expect(broken.destroy('room')).rejects.toMatchObject(unavailable)
    expect(requests).toStrictEqual([])
  })
})

describe('the management of meetings', () => {
  const SELF = { JITSI_DEPLOYMENT: 'self-hosted', JITSI_APP_ID: 'clinic', JITSI_DOMAIN: 'meet.example.org' }

  it('is off by default, and not available for self-hosted Jitsi', async () => {
    const { parts } = await startService()
    expect(parts.conferences).toBeUndefined()
    const self = await startService(SELF)
    expect([self.parts.conferences, self.parts.keys.createAdminToken]).toStrictEqual([undefined, undefined])
    const secret = await startService({ ...SELF, JITSI_JWT_SECRET: 's'.repeat(32) })
    expect(secret.parts.keys.createAdminToken).toBeUndefined()
  })

  it.each([
    [{ ...SELF, JAAS_MANAGEMENT: 'on' }, ['JAAS_MANAGEMENT']],
    [{ ...SELF, JAAS_MANAGEMENT: 'off' }, []],
    [{ JAAS_MANAGEMENT: 'true' }, ['JAAS_MANAGEMENT']],
    [{ JAAS_MANAGEMENT_URL: '*' }, ['JAAS_MANAGEMENT_URL']],
    [{ JAAS_MANAGEMENT_URL: 'https://8x8.vc/v1' }, ['JAAS_MANAGEMENT_URL']],
    [{ JAAS_MANAGEMENT_URL: 'https://user@8x8.vc' }, ['JAAS_MANAGEMENT_URL']],
    [{ JAAS_MANAGEMENT_URL: 'http://127.0.0.1:8080' }, []],
    [
      { NODE_ENV: 'production', JAAS_APP_ID: APP_ID, POLICY_FILE: 'p', JAAS_MANAGEMENT_URL: 'http://8x8.vc' },
      ['JAAS_MANAGEMENT_URL'],
    ],
  ] as [Record<string, string>, string[]][])('with %j has errors in %j', (env, names) => {
    expect(readConfig(env).errors.map((error) => error.split(':')[0])).toStrictEqual(names)
  })
})
