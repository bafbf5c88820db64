import { Agent, request } from 'node:http'
import { expect, it } from 'vitest'
import { CLINIC, DOCTOR, startService } from '../../kit.ts'

it('a request in flight finishes while the service closes, and its connection ends with it', async () => {
  let letGo: () => void = () => undefined
  const held = new Promise<void>((resolve) => (letGo = resolve))
  let arrived: () => void = () => undefined
  const inFlight = new Promise<void>((resolve) => (arrived = resolve))
  const { app } = await startService({}, ({ keys }) => ({
    keys: {
      ...keys,
      signer: () => ({
        ...keys.signer(),
        sign: async (header, claims) => {
          arrived()
          await held
          return keys.signer().sign(header, claims)
        },
      }),
    },
  }))
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as { port: number }
  const agent = new Agent({ keepAlive: true })

  const asked = new Promise<{ status: number | undefined; connection: string | undefined; body: string }>(
    (resolve, reject) => {
      const headers = { authorization: `Bearer ${CLINIC.apiKey}`, 'content-type': 'application/json' }
      const req = request({ port, agent, method: 'POST', path: '/api/jitsi/token', headers }, (res) => {
        let body = ''
        res.on('data', (data) => (body += data))
        res.on('end', () => resolve({ status: res.statusCode, connection: res.headers.connection, body }))
      })
      req.on('error', reject)
      req.end(JSON.stringify(DOCTOR))
    },
  )
  await inFlight
  const closed = app.close()
  letGo()
  const answer = await asked
  await closed
  expect([answer.status, answer.connection]).toStrictEqual([200, 'close'])
  expect(JSON.parse(answer.body)).toMatchObject({ userRole: 'doctor' })
  agent.destroy()
})

it('from the moment it closes, the service is alive but not ready, and refuses new requests', async () => {
  const { app } = await startService()
  const seen: unknown[] = []
  let address = ''
  app.addHook('preClose', async () => {
    for (const path of ['/livez', '/readyz', '/openapi.yaml']) {
      const answer = await fetch(`${address}${path}`)
      seen.push([answer.status, answer.headers.get('connection'), await answer.json()])
    }
  })
  address = await app.listen({ host: '127.0.0.1', port: 0 })
  await app.close()
  expect(seen).toMatchObject([
    [200, 'close', { status: 'ok' }],
    [503, 'close', { ready: false, checks: { signingKey: 'ok', keyRing: 'ok', store: 'ok', accepting: 'failing' } }],
    [503, 'close', { status: 503, code: 'shutting-down' }],
  ])
})
