import { createServer } from 'node:http'
import { expect, it, onTestFinished } from 'vitest'
import { PROBLEMS } from '../../src/contract/problem.ts'
import { createClient, TokenServiceError } from '../../src/client/client.ts'
import { CLINIC, DOCTOR, startService } from '../kit.ts'

const answerWith = (body: string, init: ResponseInit) => async () => new Response(body, init)
const clientWith = (fetch: () => Promise<Response>) =>
  createClient({ baseUrl: 'https://t.example.org', credential: 'k', fetch })

it('sends requests to a running service over a real connection', async () => {
  const { app } = await startService()
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const client = createClient({ baseUrl: `${address}/`, credential: CLINIC.apiKey })
  await expect(client.issueToken(DOCTOR)).resolves.toMatchObject({ moderator: true })
  const stranger = createClient({ baseUrl: address, credential: 'nobody' })
  const error = await stranger.issueToken(DOCTOR).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(TokenServiceError)
  expect(error).toMatchObject({
    name: 'TokenServiceError',
    code: 'unauthenticated',
    status: 401,
    errors: [],
    requestId: expect.any(String) as string,
    message: `unauthenticated: ${PROBLEMS.unauthenticated.detail}`,
  })
})

it('reads the credential for each request, and sends the person on whose behalf it acts', async () => {
  const headerPairs: (string | null)[][] = []
  const answer = JSON.stringify({ token: 't' })
  let count = 0
  const client = createClient({
    baseUrl: 'https://t.example.org',
    credential: async () => `token-${(count += 1)}`,
    fetch: async (_url, init) => {
      const headers = new Headers(init.headers)
      headerPairs.push([headers.get('authorization'), headers.get('x-on-behalf-of')])
      return new Response(answer)
    },
  })
  await client.issueToken({ roomId: 'r' })
  await client.issueToken({ roomId: 'r' }, { onBehalfOf: 'dr-77' })
  expect(headerPairs).toStrictEqual([
    ['Bearer token-1', null],
    ['Bearer token-2', 'dr-77'],
  ])
})

it('throws unreachable when no server answers', async () => {
  const client = createClient({ baseUrl: 'http://127.0.0.1:9', credential: CLINIC.apiKey })
  const error: unknown = await client.issueToken(DOCTOR).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'unreachable', status: 0 })
  expect(String(error)).not.toContain(CLINIC.apiKey)
})

it('throws unreachable after its time limit, and when the signal aborts', async () => {
  const server = createServer(() => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => server.closeAllConnections())
  onTestFinished(() => void server.close())
  const baseUrl = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  await expect(createClient({ baseUrl, credential: 'k', timeoutMs: 30 }).issueToken(DOCTOR)).rejects.toMatchObject({
    code: 'unreachable',
    cause: { name: 'TimeoutError' },
  })
  const abort = new AbortController()
  const pending = createClient({ baseUrl, credential: 'k' }).issueToken(DOCTOR, { signal: abort.signal })
  abort.abort()
  await expect(pending).rejects.toMatchObject({ code: 'unreachable', cause: { name: 'AbortError' } })
})

it('does not follow a redirect with the API key', async () => {
  const server = createServer((_request, response) =>
    response.writeHead(307, { location: 'http://127.0.0.1:9/' }).end(),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const baseUrl = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  await expect(createClient({ baseUrl, credential: 'k' }).issueToken(DOCTOR)).rejects.toMatchObject({
    code: 'unreachable',
  })
})

it.each([
  ['a page of HTML', '<h1>Bad gateway</h1>', 502],
  ['JSON of another server', '{"error":"x"}', 500],
  ['null', 'null', 200],
  ['a token that is not a string', '{"token":7}', 200],
  ['an empty body', '', 200],
])('throws unexpected-answer for %s', async (_what, body, status) => {
  await expect(clientWith(answerWith(body, { status })).issueToken(DOCTOR)).rejects.toMatchObject({
    code: 'unexpected-answer',
    status,
  })
  await expect(clientWith(answerWith(body, { status })).meetingConfig({ role: 'doctor' })).rejects.toMatchObject({
    code: 'unexpected-answer',
    status,
  })
})

it('reads the meeting configuration of a role with the credential, and throws the refusal', async () => {
  const requests: [string, string | undefined, string | null][] = []
  const client = createClient({
    baseUrl: 'https://t.example.org/base/',
    credential: 'k',
    fetch: async (url, init) => {
      requests.push([url, init.method, new Headers(init.headers).get('authorization')])
      return new Response(JSON.stringify({ configOverwrite: {}, interfaceConfigOverwrite: {} }))
    },
  })
  expect(await client.meetingConfig({ role: 'doctor', network: 'poor' })).toStrictEqual({
    configOverwrite: {},
    interfaceConfigOverwrite: {},
  })
  await client.meetingConfig({ role: 'patient' })
  expect(requests).toStrictEqual([
    ['https://t.example.org/base/api/jitsi/meeting-config?role=doctor&network=poor', 'GET', 'Bearer k'],
    ['https://t.example.org/base/api/jitsi/meeting-config?role=patient', 'GET', 'Bearer k'],
  ])
  const { client: real } = await startService()
  await expect(real.meetingConfig({ role: 'nurse' })).rejects.toMatchObject({
    code: 'invalid-request',
    errors: [{ pointer: '/query/role' }],
  })
})

it('passes on how long to wait, and the invalid fields', async () => {
  const problem = { code: 'rate-limited', detail: 'Wait.', requestId: 'r', status: 429 }
  const limited = answerWith(JSON.stringify(problem), { status: 429, headers: { 'retry-after': '7' } })
  await expect(clientWith(limited).issueToken(DOCTOR)).rejects.toMatchObject({ retryAfterSeconds: 7, requestId: 'r' })
  const bad = { ...problem, code: 'invalid-request', errors: [{ pointer: '/userId', message: 'is missing' }] }
  await expect(clientWith(answerWith(JSON.stringify(bad), { status: 400 })).issueToken(DOCTOR)).rejects.toMatchObject({
    errors: [{ pointer: '/userId', message: 'is missing' }],
    retryAfterSeconds: undefined,
  })
})
