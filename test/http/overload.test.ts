import { connect } from 'node:net'
import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import type { App } from '../../src/http/app-type.ts'
import { refuseOverload } from '../../src/http/overload.ts'
import { CLINIC, DOCTOR, startService, UNLIMITED } from '../kit.ts'

const FULL = { full: () => true, expectedWaitMs: () => 600, underWay: () => 4, waiting: () => 500 }
const headers = { authorization: `Bearer ${CLINIC.apiKey}` }

describe('when more is asked for than can be signed in time', () => {
  it('a token is refused before anything is done for it: not counted, not recorded, and told when to come again', async () => {
    const { app, entries, parts } = await startService({}, () => ({ signing: FULL }))
    const answer = await app.inject({ method: 'POST', url: '/api/jitsi/token', headers, payload: DOCTOR })
    expect(answer.json()).toMatchObject({
      status: 503,
      code: 'overloaded',
      detail: expect.stringContaining('random') as string,
    })
    expect(answer.headers['retry-after']).toBe('1')
    expect(answer.headers['ratelimit']).toBeUndefined()
    expect(entries()).toStrictEqual([])
    expect((await parts.limiter.take('address:127.0.0.1', 1)).allowed).toBe(true)
  })

  it('probes, metrics and keys are answered', async () => {
    const { app } = await startService({}, () => ({ signing: FULL }))
    for (const url of ['/livez', '/readyz', '/metrics', '/.well-known/jwks.json'])
      expect((await app.inject(url)).statusCode).toBe(200)
  })

  it('a hundred at once on a bound of ten milliseconds: some tokens, the rest overloaded, and all tokens recorded', async () => {
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
  it('refuses what is not vital, and answers probes', async () => {
    const app: App = Fastify()
    app.decorateRequest('problem', null)
    await refuseOverload(app, { full: () => false })
    app.get('/work', () => 'done')
    app.get('/livez', { config: { bucket: 'none' } }, () => 'alive')
    await app.ready()
    const until = performance.now() + 3500
    while (performance.now() < until);
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect((await app.inject('/work')).json()).toMatchObject({ code: 'overloaded' })
    expect((await app.inject('/livez')).body).toBe('alive')
    await app.close()
  })
})

describe('a client that hangs up', () => {
  /** Sends a request for a token and goes away after some milliseconds. */
  async function hangUp(url: string, afterMs: number, request = DOCTOR): Promise<void> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    const body = JSON.stringify(request)
    socket.write(
      `POST /api/jitsi/token HTTP/1.1\r\nHost: a\r\nAuthorization: ${headers.authorization}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    await new Promise((resolve) => setTimeout(resolve, afterMs))
    socket.destroy()
  }

  it('does not take its entry with it, once the token is signed', async () => {
    let keep: () => void = () => undefined
    const held = new Promise<void>((resolve) => (keep = resolve))
    const appended: unknown[] = []
    const { app, entries } = await startService({}, ({ ledger }) => ({
      ledger: {
        ...ledger,
        append(entry) {
          appended.push(entry)
          return held.then(() => ledger.append(entry))
        },
      },
    }))
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const hanging = hangUp(url, 0)
    while (appended.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await hanging
    keep()
    while (entries().length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(entries()).toMatchObject([{ outcome: 'issued', user_id: 'doctor-77' }])
  })

  it('leaves the queue: nothing is signed for it, and that stands in the record', async () => {
    const { app, client, entries } = await startService(UNLIMITED)
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const ahead = Array.from({ length: 300 }, () => client.issueToken(DOCTOR))
    await hangUp(url, 60, { ...DOCTOR, userId: 'gone-1' })
    await Promise.all(ahead)
    const its = () => entries().filter(({ user_id, code }) => user_id === 'gone-1' || code === 'client-gone')
    while (its().length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(its()).toMatchObject([{ outcome: 'refused', code: 'client-gone', action: 'token.issue' }])
  })
})
