import { expect, it } from 'vitest'
import { CLINIC, DOCTOR, startService } from '../kit.ts'

it('a request leaves one line: its route, status, caller and code, and nothing of what it said', async () => {
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
    [30, '00000000-0000-4000-8000-000000000003', 'POST', '/api/jitsi/token', 400, 'clinic-backend', 'invalid-request'],
    [30, '00000000-0000-4000-8000-000000000004', 'GET', 'none', 404, undefined, 'not-found'],
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
