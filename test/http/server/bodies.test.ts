import { gzipSync } from 'node:zlib'
import { connect } from 'node:net'
import type { InjectOptions } from 'fastify'
import { describe, expect, it } from 'vitest'
import { CLINIC, PATIENT, type Service, startService } from '../../kit.ts'
import { DESK, startVisits } from '../../support/consultations.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const TOKEN = { method: 'POST', url: '/api/jitsi/token' } as const
const text = JSON.stringify(PATIENT)

const send = ({ app }: Pick<Service, 'app'>, key: string, options: InjectOptions) =>
  app.inject({ ...options, headers: { authorization: `Bearer ${key}`, ...options.headers } })

describe('a request without a body', () => {
  it.each([
    ['application/json', JSON_TYPE],
    ['application/json with a charset', { 'content-type': 'application/json; charset=utf-8' }],
    ['a length of 0', { ...JSON_TYPE, 'content-length': '0' }],
    ['the type of a form', { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '0' }],
    ['a type that is none', { 'content-type': 'json' }],
    ['a content coding', { ...JSON_TYPE, 'content-encoding': 'gzip' }],
  ])('is answered with %s as without it', async (_what, headers) => {
    const visits = await startVisits()
    const ask = (method: 'POST' | 'DELETE', path: string) =>
      send(visits, DESK.apiKey, { method, url: `/api/jitsi/consultations/${path}`, headers })
    const { id } = await visits.visit()
    const invite = async () =>
      (await visits.desk<{ id: string }>('POST', `/consultations/${id}/invitations`, { role: 'patient' })).body.id
    expect((await ask('POST', `${id}/invitations/${await invite()}/resend`)).statusCode).toBe(200)
    expect((await ask('DELETE', `${id}/invitations/${await invite()}`)).statusCode).toBe(200)
    expect((await ask('POST', `${id}/cancel`)).statusCode).toBe(200)
    const ended = await visits.visit()
    expect((await ask('POST', `${ended.id}/end`)).statusCode).toBe(200)
    const revoked = await visits.desk<{ id: string }>('POST', '/revocations', { userId: 'patient-1042' })
    const url = `/api/jitsi/revocations/${revoked.body.id}`
    expect((await send(visits, DESK.apiKey, { method: 'DELETE', url, headers })).statusCode).toBe(204)
  })

  it('may be chunked', async () => {
    const visits = await startVisits()
    const { id } = await visits.visit()
    const answer = await exchange(visits, [
      `POST /api/jitsi/consultations/${id}/end HTTP/1.1`,
      `Authorization: Bearer ${DESK.apiKey}`,
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
      '\r\n0\r\n\r\n',
    ])
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('is refused where the route takes a body, whatever its type', async () => {
    const service = await startService()
    for (const headers of [JSON_TYPE, {}, { 'content-type': 'text/plain' }])
      expect((await send(service, CLINIC.apiKey, { ...TOKEN, headers })).json()).toMatchObject({
        code: 'invalid-request',
        errors: [{ pointer: '', message: 'must be one JSON object' }],
      })
  })
})

describe('a body where the route takes none', () => {
  it.each([
    ['{}', 200],
    ['{"reason": "x"}', 400],
    ['[]', 400],
    ['null', 400],
  ])('%s is answered with %i', async (payload, status) => {
    const visits = await startVisits()
    const { id } = await visits.visit()
    const url = `/api/jitsi/consultations/${id}/end`
    const answer = await send(visits, DESK.apiKey, { method: 'POST', url, headers: JSON_TYPE, payload })
    expect(answer.statusCode).toBe(status)
    if (status === 400) expect(answer.json()).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '' }] })
  })
})

describe('a content coding', () => {
  it.each(['gzip', 'GZIP', 'br', 'deflate', 'zstd', 'identity, gzip', 'aes128gcm', '*'])(
    '%s is refused with the one that is accepted',
    async (encoding) => {
      const service = await startService()
      const headers = { ...JSON_TYPE, 'content-encoding': encoding }
      for (const payload of [gzipSync(text), text]) {
        const answer = await send(service, CLINIC.apiKey, { ...TOKEN, headers, payload })
        expect(answer.json()).toMatchObject({ status: 415, code: 'unsupported-content-encoding' })
        expect(answer.headers['accept-encoding']).toBe('identity')
      }
    },
  )

  it.each(['identity', 'Identity', '', 'identity, identity'])('%j is accepted', async (encoding) => {
    const headers = { ...JSON_TYPE, 'content-encoding': encoding }
    expect((await send(await startService(), CLINIC.apiKey, { ...TOKEN, headers, payload: text })).statusCode).toBe(200)
  })

  it('is not named in the refusal of another media type', async () => {
    const service = await startService()
    const answer = await send(service, CLINIC.apiKey, {
      ...TOKEN,
      headers: { 'content-type': 'text/plain' },
      payload: 'x',
    })
    expect(answer.json()).toMatchObject({ code: 'unsupported-media-type' })
    expect(answer.headers['accept-encoding']).toBeUndefined()
  })
})

const utf16be = (value: string) => Buffer.from(value, 'utf16le').swap16()

describe('a body in another encoding is refused with a detail that says so:', () => {
  it.each([
    ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${text}`), 'byte order mark'],
    ['a byte order mark alone', Buffer.from('\ufeff'), 'byte order mark'],
    ['UTF-16 LE', Buffer.from(text, 'utf16le'), 'UTF-16'],
    ['UTF-16 BE', utf16be(text), 'UTF-16'],
    ['UTF-16 LE with a byte order mark', Buffer.from(`\ufeff${text}`, 'utf16le'), 'UTF-16'],
    ['UTF-16 BE with a byte order mark', utf16be(`\ufeff${text}`), 'UTF-16'],
    ['ISO 8859-1', Buffer.from(text.replace('Asha', 'Ash\u00e9'), 'latin1'), 'not valid UTF-8'],
  ])('%s', async (_what, payload, words) => {
    const answer = await send(await startService(), CLINIC.apiKey, { ...TOKEN, headers: JSON_TYPE, payload })
    expect(answer.json()).toMatchObject({
      status: 400,
      code: 'invalid-json',
      detail: expect.stringContaining(words) as string,
    })
  })

  it.each(['{', 'x', '{"a":1,"a":2}', '0', ''])('but %j is not', async (payload) => {
    const answer = await send(await startService(), CLINIC.apiKey, { ...TOKEN, headers: JSON_TYPE, payload })
    expect(answer.json<{ detail: string }>().detail).not.toContain('UTF-16')
  })
})

describe('Expect', () => {
  it.each(['200-ok', 'nonsense', ''])('%j is answered with a problem document', async (value) => {
    const service = await startService()
    const answer = await exchange(service, ['GET /livez HTTP/1.1', `Expect: ${value}`, 'Connection: close', '\r\n'])
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1\.1 417 /)
    expect(head).toMatch(/content-type: application\/problem\+json/i)
    expect(head).toMatch(/x-request-id: /i)
    expect(JSON.parse(body)).toMatchObject({ status: 417, code: 'expectation-failed' })
  })

  it.each(['100-continue', '100-Continue'])('%s is met', async (value) => {
    const service = await startService()
    const answer = await exchange(service, [
      'POST /api/jitsi/token HTTP/1.1',
      `Authorization: Bearer ${CLINIC.apiKey}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(text)}`,
      `Expect: ${value}`,
      'Connection: close',
      `\r\n${text}`,
    ])
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /)
  })
})

/** Sends a request over a socket. @returns what arrives until the answer is complete */
async function exchange({ app }: Pick<Service, 'app'>, [first = '', ...rest]: string[]): Promise<string> {
  if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as { port: number }
  const request = [first, 'Host: x', ...rest].join('\r\n')
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      answer += chunk
      if (answer.includes('}')) socket.end()
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}
