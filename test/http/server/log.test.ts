import { describe, expect, it } from 'vitest'
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
  it.each(['abcd1234', '0192f0a1-7c3e-7d2a-9b1c-1234567890ab', 'A.b_c-9'.padEnd(64, '0')])(
    'is %j if a proxy set it',
    async (id) => {
      const { app, logLines, entries } = await startService()
      const headers = { 'x-request-id': id, authorization: `Bearer ${CLINIC.apiKey}` }
      const answer = await app.inject({ method: 'POST', url: '/api/jitsi/token', headers, payload: DOCTOR })
      expect(answer.headers['x-request-id']).toBe(id)
      expect(logLines.map((line) => (JSON.parse(line) as { requestId?: string }).requestId)).toStrictEqual([id])
      expect(entries().map(({ request_id }) => request_id)).toStrictEqual([id])
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
  ])('is our own, where somebody says %j', async (id) => {
    const { app } = await startService()
    const answer = await app.inject({ url: '/livez', headers: { 'x-request-id': id } })
    expect(answer.headers['x-request-id']).toBe('00000000-0000-4000-8000-000000000001')
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
