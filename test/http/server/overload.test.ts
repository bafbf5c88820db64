import { connect } from 'node:net'
import Fastify from 'fastify'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { App } from '../../../src/http/server/app-type.ts'
import { shedLoad } from '../../../src/http/server/overload.ts'
import { problemDocument } from '../../../src/http/server/problems.ts'
import { createSigningQueue } from '../../../src/keys/signing-queue.ts'
import type { Signer } from '../../../src/service/keys/ports.ts'
import { CLINIC, DOCTOR, startService, UNLIMITED, scrape } from '../../kit.ts'

const FULL = {
  full: () => true,
  expectedWaitMs: () => 600,
  signatureMs: () => 2,
  running: () => 4,
  waiting: () => 500,
}
const headers = { authorization: `Bearer ${CLINIC.apiKey}` }

/** The routes that need a signature, each with a body that its schema accepts. */
const SIGNING_ROUTES: [path: string, body: object][] = [
  ['/api/jitsi/token', DOCTOR],
  ['/api/jitsi/token/renew', { token: 'e30.e30.c2ln' }],
  ['/api/jitsi/invitations/redeem', { code: 'a'.repeat(64) }],
]

/** Sends requests that need a signature over a socket. */
async function senderOf(app: App) {
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  return (path: string, body: object, more: Record<string, string> = {}) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', ...more },
      body: JSON.stringify(body),
    })
}

describe('while the signing queue is full', () => {
  it.each(SIGNING_ROUTES)(
    '%s is refused before any other work: not counted, not recorded, logged once per interval',
    async (path, body) => {
      const { app, entries, parts, logLines } = await startService({}, () => ({ signing: FULL }))
      const send = await senderOf(app)
      const answer = await send(path, body, { 'x-request-id': 'chosen-by-the-client' })
      expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('cache-control')]).toStrictEqual([
        503,
        '1',
        'no-store',
      ])
      expect(await answer.json()).toStrictEqual(
        problemDocument({ code: 'overloaded' }, answer.headers.get('x-request-id') ?? ''),
      )
      expect(answer.headers.get('x-request-id')).toBe('00000000-0000-4000-8000-000000000001')
      expect(entries()).toStrictEqual([])
      expect((await parts.limiter.take('address:127.0.0.1', 1)).allowed).toBe(true)
      expect((await send(path, body)).status).toBe(503)
      await app.close()
      const lines = logLines.map((line) => JSON.parse(line) as Record<string, unknown>)
      const refusals = lines.filter(({ code }) => code === 'overloaded')
      expect(refusals.map(({ requests }) => Number(requests)).reduce((sum, count) => sum + count)).toBe(2)
      expect(refusals[0]).toMatchObject({ level: 40, route: path, status: 503 })
      const metrics = await parts.metrics.text()
      expect(metrics).toContain(`route="${path}",method="POST",status="503",code="overloaded"} 2`)
    },
  )

  it('requests that arrive together are refused in one turn, with one pause shorter than a signature', async () => {
    const { app } = await startService({}, () => ({ signing: FULL }))
    const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
    const pauses = vi.spyOn(Atomics, 'wait')
    onTestFinished(() => pauses.mockRestore())
    const socket = connect(Number(port), '127.0.0.1')
    let answers = ''
    socket.on('data', (chunk) => (answers += chunk.toString()))
    const ask = async (times: number) => {
      answers = ''
      socket.write('POST /api/jitsi/token HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n'.repeat(times))
      await vi.waitUntil(() => answers.split('HTTP/1.1 503').length === times + 1)
    }
    // Code that runs for the first time may take longer than the pause would have.
    for (let index = 0; index < 100 && pauses.mock.calls.length === 0; index += 1) await ask(1)
    expect(pauses).toHaveBeenCalledTimes(1)
    await ask(20)
    expect(pauses.mock.calls.length).toBeLessThanOrEqual(2)
    for (const [, , , pauseMs] of pauses.mock.calls) expect(pauseMs).toBeLessThan(2)
    pauses.mockClear()
    socket.write('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n')
    await vi.waitUntil(() => answers.includes('HTTP/1.1 200'))
    expect(pauses).not.toHaveBeenCalled()
    socket.destroy()
  })

  it.each(SIGNING_ROUTES)('a page can read the refusal of %s', async (path, body) => {
    const { app, entries } = await startService({ CORS_ORIGINS: 'https://app.example.org' }, () => ({ signing: FULL }))
    const answer = await (await senderOf(app))(path, body, { origin: 'https://app.example.org' })
    expect([
      answer.status,
      answer.headers.get('access-control-allow-origin'),
      answer.headers.get('retry-after'),
    ]).toStrictEqual([503, 'https://app.example.org', '1'])
    expect(await answer.json()).toMatchObject({ code: 'overloaded' })
    expect(entries()).toStrictEqual([])
  })

  it('probes, metrics and keys are answered', async () => {
    const { app } = await startService({}, () => ({ signing: FULL }))
    for (const url of ['/livez', '/readyz', '/metrics', '/.well-known/jwks.json'])
      expect((await (url === '/metrics' ? scrape(app) : app.inject(url))).statusCode).toBe(200)
  })

  it('of a hundred concurrent requests with a queue of ten milliseconds, some get tokens, all of them recorded, and the rest are refused', async () => {
    const { client, entries } = await startService({ ...UNLIMITED, SIGNING_QUEUE_MS: '10' })
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, () =>
        client.issueToken(DOCTOR).then(
          () => 'issued',
          ({ code }: { code: string }) => code,
        ),
      ),
    )
    const issued = outcomes.filter((outcome) => outcome === 'issued').length
    expect(new Set(outcomes)).toStrictEqual(new Set(['issued', 'overloaded']))
    expect(entries().filter(({ outcome }) => outcome === 'issued')).toHaveLength(issued)
  })
})

describe('a late event loop', () => {
  it('refuses everything except probes', async () => {
    const app: App = Fastify()
    app.decorateRequest('problem', null)
    app.decorateRequest('caller', null)
    shedLoad(app, { full: () => false }, { maxDelayMs: 50, intervalMs: 200 })
    app.get('/work', () => 'done')
    app.get('/livez', { config: { bucket: 'none' } }, () => 'alive')
    await app.ready()
    const standStill = async () => {
      const until = performance.now() + 600
      while (performance.now() < until);
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await standStill()
    expect((await app.inject('/work')).body).toBe('done')
    await standStill()
    expect((await app.inject('/work')).json()).toMatchObject({ code: 'overloaded' })
    expect((await app.inject('/livez')).body).toBe('alive')
    await app.close()
  })
})

describe('a client that disconnects', () => {
  /** Sends a token request. @returns disconnects, and resolves once the service has noticed */
  async function askAndLeave({ app }: { app: App }): Promise<() => Promise<void>> {
    const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
    const socket = connect(Number(port), '127.0.0.1')
    const body = JSON.stringify(DOCTOR)
    socket.write(
      `POST /api/jitsi/token HTTP/1.1\r\nHost: a\r\nAuthorization: ${headers.authorization}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    const connections = () =>
      new Promise<number>((resolve) => app.server.getConnections((_error, count) => resolve(count)))
    return async () => {
      socket.destroy()
      await until(async () => (await connections()) === 0)
    }
  }

  async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5))
  }

  it('does not prevent the audit entry of a signed token', async () => {
    let keep: () => void = () => undefined
    const held = new Promise<void>((resolve) => (keep = resolve))
    const appended: unknown[] = []
    const service = await startService({}, ({ ledger }) => ({
      ledger: {
        ...ledger,
        append(entry) {
          appended.push(entry)
          return held.then(() => ledger.append(entry))
        },
      },
    }))
    const leave = await askAndLeave(service)
    await until(() => appended.length > 0)
    await leave()
    keep()
    await until(() => service.entries().length > 0)
    expect(service.entries()).toMatchObject([{ outcome: 'issued', user_id: 'doctor-77' }])
  })

  it('leaves the queue: nothing is signed for it, and that is recorded', async () => {
    const queue = createSigningQueue({ maxRunning: 1, maxWaitMs: 1000 }, () => performance.now())
    let end: () => void = () => undefined
    const ahead = queue.run(() => new Promise<void>((resolve) => (end = resolve)))
    const signed: unknown[] = []
    const sign: Signer['sign'] = (_header, claims, isAborted = () => false) =>
      queue.run(() => Promise.resolve(String(signed.push(claims))), { isAborted })
    const service = await startService({}, ({ keys }) => ({
      keys: { ...keys, signer: () => ({ ...keys.signer(), sign }) },
    }))
    const leave = await askAndLeave(service)
    await until(() => queue.waiting() === 1)
    await leave()
    end()
    await ahead
    await until(() => service.entries().length > 0)
    expect(service.entries()).toMatchObject([{ outcome: 'refused', code: 'client-aborted', action: 'token.issue' }])
    expect(signed).toStrictEqual([])
  })
})
