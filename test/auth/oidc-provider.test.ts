import { createPublicKey } from 'node:crypto'
import { compactVerify, decodeJwt, decodeProtectedHeader } from 'jose'
import { expect, it, onTestFinished } from 'vitest'
import { startService, testKeyPem } from '../kit.ts'
import { policyWithIssuer } from '../support/oidc.ts'
import { openProvider, signIn } from '../support/oidc-provider.ts'

const PAGE = 'http://127.0.0.1:5173'
const ROOM = { roomId: 'bharattelemed-p1042-d77-1764000000' }

async function start(rooms = 'bharattelemed-.*') {
  const provider = await openProvider(`${PAGE}/back`)
  onTestFinished(() => provider.close())
  const service = await startService(
    { NODE_ENV: 'test', CORS_ORIGINS: PAGE },
    undefined,
    policyWithIssuer(provider.url, { rooms }),
  )
  const address = await service.app.listen({ host: '127.0.0.1', port: 0 })
  return { ...service, provider, address }
}

it('a page on another origin signs its user in with a real provider and gets a token by fetch', async () => {
  const { provider, address, entries } = await start()
  const accessToken = await signIn(provider.url, 'patient-1042', `${PAGE}/back`)
  expect(decodeProtectedHeader(accessToken)).toMatchObject({ typ: 'at+jwt', alg: 'RS256' })

  // The preflight of the browser, then the request of the page.
  const preflight = await fetch(`${address}/api/jitsi/token`, {
    method: 'OPTIONS',
    headers: {
      origin: PAGE,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  })
  expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toStrictEqual([204, PAGE])
  const answer = await fetch(`${address}/api/jitsi/token`, {
    method: 'POST',
    headers: { origin: PAGE, authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(ROOM),
  })
  expect([answer.status, answer.headers.get('access-control-allow-origin')]).toStrictEqual([200, PAGE])
  const { token, moderator } = (await answer.json()) as { token: string; moderator: boolean }
  await compactVerify(token, createPublicKey(testKeyPem()))
  expect(moderator).toBe(false)
  expect(decodeJwt(token)).toMatchObject({
    context: { user: { id: 'patient-1042', name: 'Asha Rao', moderator: false } },
  })
  expect(entries()).toMatchObject([
    { caller: provider.url, user_id: 'patient-1042', role: 'patient', outcome: 'issued' },
  ])

  const elsewhere = await fetch(`${address}/api/jitsi/token`, {
    method: 'OPTIONS',
    headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
  })
  expect([...elsewhere.headers.keys()].filter((name) => name.startsWith('access-control-'))).toStrictEqual([])
})

it('a doctor of the provider is a moderator, and a user without a name is refused', async () => {
  const { provider, clientOf } = await start()
  const doctor = clientOf(await signIn(provider.url, 'doctor-77', `${PAGE}/back`))
  await expect(doctor.issueToken(ROOM)).resolves.toMatchObject({ userRole: 'doctor', moderator: true })
  const stranger = clientOf(await signIn(provider.url, 'somebody', `${PAGE}/back`))
  await expect(stranger.issueToken(ROOM)).rejects.toMatchObject({ status: 403, code: 'identity-incomplete' })
})

it('users of an unavailable provider still get tokens, because its keys are cached', async () => {
  const { provider, clientOf } = await start()
  const tokens = await Promise.all(
    ['doctor-77', 'patient-1042'].map((login) => signIn(provider.url, login, `${PAGE}/back`)),
  )
  await clientOf(tokens[0] ?? '').issueToken(ROOM)
  provider.close()
  await expect(clientOf(tokens[1] ?? '').issueToken(ROOM)).resolves.toMatchObject({ userRole: 'patient' })
})
