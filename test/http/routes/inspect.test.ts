import { createHash, createPrivateKey } from 'node:crypto'
import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { CLINIC, DOCTOR, NOW, POLICY, startService, testKeyPem, WARD } from '../../kit.ts'

const MAY_INSPECT = POLICY.replaceAll('scopes: ["tokens:issue"]', 'scopes: ["tokens:issue", "tokens:inspect"]')

async function start() {
  const service = await startService(
    {},
    undefined,
    MAY_INSPECT.replace(
      /(ward-backend[^]*?)scopes: \["tokens:issue", "tokens:inspect"\]/,
      '$1scopes: ["tokens:issue"]',
    ),
  )
  const inspect = (payload: unknown, key?: string) =>
    service.app.inject({
      method: 'POST',
      url: '/api/jitsi/token/inspect',
      headers: { authorization: `Bearer ${key ?? ''}`, 'content-type': 'application/json' },
      payload: JSON.stringify(payload),
    })
  return { ...service, inspect }
}

describe('POST /api/jitsi/token/inspect', () => {
  it('accepts a token of this service, masks its user, and records the inspection', async () => {
    const { client, inspect, entries, logLines } = await start()
    const { token } = await client.issueToken({ ...DOCTOR, userEmail: 'meera@example.org' })
    const answer = await inspect({ token }, CLINIC.apiKey)
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toMatchObject({
      verdict: 'accepted',
      objections: [],
      says: { userId: 'd…', userName: 'D…', moderator: true, room: DOCTOR.roomId },
    })
    expect(entries().at(-1)).toMatchObject({ action: 'token.inspect', outcome: 'done', caller: 'clinic-backend' })
    expect(entries().at(-1)?.['room']).toBeUndefined()
    for (const part of token.split('.')) expect(logLines.join('')).not.toContain(part.slice(0, 30))
    expect(JSON.stringify(entries())).not.toContain(createHash('sha256').update(token).digest('hex'))
  })

  it('explains what is wrong with another token', async () => {
    const { inspect, parts } = await start()
    const kid = `${parts.deployment.kidPrefix}test-key`
    const token = await new SignJWT({ aud: ['jitsi'], iss: 'chat', sub: parts.deployment.subject, room: 'A', exp: NOW })
      .setProtectedHeader({ alg: 'RS256', kid })
      .sign(createPrivateKey(testKeyPem()))
    const { verdict, objections } = (await inspect({ token }, CLINIC.apiKey)).json<{
      verdict: string
      objections: { code: string }[]
    }>()
    expect(verdict).toBe('refused')
    expect(objections.map(({ code }) => code)).toStrictEqual([
      'typ',
      'aud-list',
      'exp-in-milliseconds',
      'room-upper-case',
      'context-missing',
    ])
    expect((await inspect({ token: 'x' }, CLINIC.apiKey)).json()).toMatchObject({
      verdict: 'refused',
      objections: [{ code: 'not-a-token' }],
      says: {},
    })
  })

  it('compares the claim with a room, and says what it removed around the token', async () => {
    const { client, inspect, entries } = await start()
    const { token } = await client.issueToken(DOCTOR)
    const codes = async (payload: object) =>
      (await inspect(payload, CLINIC.apiKey))
        .json<{ objections: { code: string }[] }>()
        .objections.map(({ code }) => code)
    expect(await codes({ token, room: DOCTOR.roomId })).toStrictEqual([])
    expect(await codes({ token, room: 'somebody-elses-room' })).toStrictEqual(['room-mismatch'])
    expect(await codes({ token: ` Bearer ${token}\n` })).toStrictEqual(['unwrapped'])
    expect(JSON.stringify(entries())).not.toContain('somebody-elses-room')
  })

  it('requires the scope tokens:inspect', async () => {
    const { inspect, entries } = await start()
    expect((await inspect({ token: 'x' }, WARD.apiKey)).json()).toMatchObject({ status: 403, code: 'scope-missing' })
    expect((await inspect({ token: 'x' })).json()).toMatchObject({ status: 401 })
    expect(entries().map(({ code }) => code)).toStrictEqual(['scope-missing', 'unauthenticated'])
  })

  it.each([
    [{}],
    [{ token: '' }],
    [{ token: 7 }],
    [{ token: 'a'.repeat(16_001) }],
    [{ token: 'x', more: 1 }],
    [{ token: 'x', room: '' }],
    [{ token: 'x', room: 7 }],
    [{ token: 'x', room: null }],
    [{ token: 'x', room: 'a'.repeat(1201) }],
    [null],
    ['x'],
  ])('refuses %j', async (payload) => {
    const { inspect } = await start()
    expect((await inspect(payload, CLINIC.apiKey)).json()).toMatchObject({ status: 400, code: 'invalid-request' })
  })
})
