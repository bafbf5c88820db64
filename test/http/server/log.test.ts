import { describe, expect, it } from 'vitest'
import type { App } from '../../../src/http/server/app-type.ts'
import { ServiceFault } from '../../../src/service/fault.ts'
import { CLINIC, DOCTOR, startService } from '../../kit.ts'

it('a request leaves one line with its route, status, caller and code, and nothing of its content', async () => {
  const { client, app, logLines } = await startService()
  const { token } = await client.issueToken({
    ...DOCTOR,
    userEmail: 'meera@example.org',
    userAvatar: 'https://a.example.org/m.png',
  })
  await client.issueToken({ ...DOCTOR, userRole: 'nurse' }).catch(() => undefined)
  await app.inject({ url: `/nowhere/${token}?jwt=${token}` })
  const lines = logLines.map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(
    lines.map(({ level, requestId, method, route, status, caller, code }) => [
      level,
      requestId,
      method,
      route,
      status,
      caller,
      code,
    ]),
  ).toStrictEqual([
    [30, '00000000-0000-4000-8000-000000000001', 'POST', '/api/jitsi/token', 200, 'clinic-backend', undefined],
    [40, '00000000-0000-4000-8000-000000000003', 'POST', '/api/jitsi/token', 400, 'clinic-backend', 'invalid-request'],
    [40, '00000000-0000-4000-8000-000000000004', 'GET', 'none', 404, undefined, 'not-found'],
  ])
  const text = logLines.join('')
  for (const secret of [
    token.slice(0, 40),
    token.slice(-40),
    CLINIC.apiKey,
    'Meera',
    'Iyer',
    'meera@',
    'm.png',
    'doctor-77',
    'PRIVATE KEY',
  ]) {
    expect(text).not.toContain(secret)
  }
})

describe('the id of a request', () => {
  const ask = (app: App, id: string) => {
    const headers = { 'x-request-id': id, authorization: `Bearer ${CLINIC.apiKey}` }
    return app.inject({ method: 'POST', url: '/api/jitsi/token', headers, payload: DOCTOR })
  }

  it.each(['abcd1234', '0192f0a1-7c3e-7d2a-9b1c-1234567890ab', 'A.b_c-9'.padEnd(64, '0')])(
    'is made by the service; that of the client, %j, is recorded and logged beside it',
    async (id) => {
      const { app, logLines, entries } = await startService()
      const answers = [await ask(app, id), await ask(app, id)]
      const ids = [1, 2].map((n) => `00000000-0000-4000-8000-00000000000${2 * n - 1}`)
      expect(answers.map(({ headers }) => headers['x-request-id'])).toStrictEqual(ids)
      const lines = logLines.map((line) => JSON.parse(line) as Record<string, unknown>)
      expect(lines.map(({ requestId, clientRequestId }) => [requestId, clientRequestId])).toStrictEqual([
        [ids[0], id],
        [ids[1], id],
      ])
      expect(entries().map((entry) => [entry['request_id'], entry['client_request_id']])).toStrictEqual([
        [ids[0], id],
        [ids[1], id],
      ])
    },
  )

  it.each([
    'short',
    'a'.repeat(65),
    '-begins',
    'has blank in it',
    'quote"quote',
    'line\u0085feed',
    'über-uber',
    '${jndi:ldap://x}',
  ])('of a client is not recorded if it is %j', async (id) => {
    const { app, entries, logLines } = await startService()
    expect((await ask(app, id)).headers['x-request-id']).toBe('00000000-0000-4000-8000-000000000001')
    expect(entries()[0]).not.toHaveProperty('client_request_id')
    expect(logLines.join('')).not.toContain('clientRequestId')
  })
})

it('logs a fault as error, a refusal as warning, a probe as debug', async () => {
  const unavailable = () => Promise.reject(new ServiceFault('record-unavailable'))
  const { app, client, logLines } = await startService({}, ({ ledger }) => ({
    ledger: { ...ledger, append: unavailable },
  }))
  await client.issueToken(DOCTOR).catch(() => undefined)
  await app.inject('/nowhere')
  await app.inject('/livez')
  const levels = logLines.map((line) => JSON.parse(line) as { level: number; status: number })
  expect(levels.map(({ level, status }) => [level, status])).toStrictEqual([
    [50, 503],
    [40, 404],
    [20, 200],
  ])
})
