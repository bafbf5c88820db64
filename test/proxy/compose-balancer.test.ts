import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../src/client/client.ts'
import { CLINIC, DOCTOR } from '../kit.ts'
import { DESK, startVisits, VISIT, type Visits } from '../support/consultations.ts'
import { freePort, listenOnFreePort } from '../support/ports.ts'
import { HAS_NGINX, SKIPPED, startNginx } from './nginx.ts'

const CONFIG = readFileSync(new URL('../../deploy/compose/nginx.conf', import.meta.url), 'utf8')

/** The configuration of the compose file, with the addresses and folders of this machine. */
const configOf = (first: number, second: number) => (port: number, dir: string) =>
  `user root;\n${CONFIG}`
    .replaceAll('tokens-1:3005', `127.0.0.1:${first}`)
    .replaceAll('tokens-2:3005', `127.0.0.1:${second}`)
    .replaceAll('/tmp/', `${dir}/`)
    .replace('listen 8080;', `listen 127.0.0.1:${port};`)

/** A service that is both replicas, since it is one database. */
async function startBehindBalancer(env: Record<string, string> = {}): Promise<{ visits: Visits; origin: string }> {
  const visits = await startVisits({ TRUST_PROXY: '127.0.0.1', AUDIT_ADDRESS: 'full', ...env })
  const port = await listenOnFreePort(visits)
  return { visits, origin: await startNginx(configOf(port, port)) }
}

describe.skipIf(!HAS_NGINX)(`the balancer of the compose file${SKIPPED}`, () => {
  it('keeps an event stream open for 40 seconds, though the service is silent for 25 of them', async () => {
    const { visits, origin } = await startBehindBalancer({ EVENTS_HEARTBEAT_SECONDS: '25' })
    const { id } = await visits.visit({ waitingRoom: true })
    visits.time.now = Date.parse(VISIT.startsAt)
    const client = createClient({ baseUrl: origin, credential: DESK.apiKey })
    const interruptions: Error[] = []
    const events = client.events(id, { onInterrupted: (error) => void interruptions.push(error) })
    expect((await events.next()).value).toMatchObject({ event: 'state' })
    const next = events.next()
    await setTimeout(40_000)
    await visits.desk('POST', `/consultations/${id}/end`)
    expect((await next).value).toMatchObject({ event: 'ended' })
    expect(interruptions).toStrictEqual([])
  })

  it('passes on tokens and the address of the client, and hides the metrics', async () => {
    const { visits, origin } = await startBehindBalancer()
    const client = createClient({ baseUrl: origin, credential: CLINIC.apiKey })
    expect(await client.issueToken(DOCTOR)).toMatchObject({ moderator: true })
    expect(visits.entries()).toMatchObject([{ action: 'token.issue', address: '127.0.0.1' }])
    expect((await fetch(`${origin}/metrics`)).status).toBe(404)
    expect((await fetch(`${origin}/readyz`)).status).toBe(200)
  })

  it('asks the other replica if one does not answer', async () => {
    const visits = await startVisits()
    const origin = await startNginx(configOf(await freePort(), await listenOnFreePort(visits)))
    const client = createClient({ baseUrl: origin, credential: CLINIC.apiKey })
    for (let i = 0; i < 6; i += 1) expect(await client.issueToken(DOCTOR)).toMatchObject({ moderator: true })
  })

  it('answers with the problem document of the service while no replica is ready', async () => {
    const { visits, origin } = await startBehindBalancer()
    const { ledger } = visits.parts
    ledger.append = () => Promise.reject(new Error('disk full'))
    const answer = await fetch(`${origin}/api/jitsi/token`, {
      method: 'POST',
      headers: { authorization: `Bearer ${CLINIC.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(DOCTOR),
    })
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(answer.status).toBeGreaterThanOrEqual(500)
  })
})
