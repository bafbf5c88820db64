import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openService } from '../../kit.ts'

let service: Awaited<ReturnType<typeof openService>>
let port = 0
beforeAll(async () => {
  service = await openService()
  port = Number(new URL(await service.app.listen({ host: '127.0.0.1', port: 0 })).port)
})
afterAll(() => service.close())

/** Sends a request with these header lines over a socket. */
const send = (lines: readonly string[], version = '1.1') =>
  new Promise<string>((resolve) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () =>
      socket.write([`GET /livez HTTP/${version}`, ...lines, 'Connection: close', '', ''].join('\r\n')),
    )
    socket.on('data', (data) => (answer += String(data)))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(answer))
  })

describe('the Host header', () => {
  it.each([
    'tokens.example.org',
    'tokens.example.org:3005',
    'tokens_1:3005',
    'localhost',
    '127.0.0.1:80',
    '[::1]',
    '[2001:db8::1]:65535',
    'TOKENS.example.org.',
  ])('%s is accepted', async (host) => {
    expect(await send([`Host: ${host}`])).toMatch(/^HTTP\/1\.1 200 /)
  })

  it.each([
    [[]],
    [['Host:']],
    [['Host:   ']],
    [['Host: a b']],
    [['Host: user@example.org']],
    [['Host: user:password@example.org']],
    [['Host: http://example.org']],
    [['Host: example.org/path']],
    [['Host: example.org:']],
    [['Host: example.org:http']],
    [['Host: example.org:65536']],
    [['Host: example.org:-1']],
    [['Host: ::1']],
    [['Host: [::1']],
    [['Host: [1.2.3.4]']],
    [['Host: [fe80::1%eth0]']],
    [['Host: exa\u00e9mple.org']],
    [['Host: a,b']],
    [[`Host: ${'a'.repeat(254)}`]],
    [['Host: a', 'Host: a']],
    [['Host: a', 'host: b']],
    [['Host: a', 'Host:']],
  ])('%j is 400 as a problem document', async (lines) => {
    const answer = await send(lines)
    expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*application\/problem\+json[^]*"malformed-request"/)
  })

  it('may be missing in HTTP/1.0', async () => {
    expect(await send([], '1.0')).toMatch(/^HTTP\/1\.1 200 /)
    expect(await send(['Host: a', 'Host: b'], '1.0')).toMatch(/^HTTP\/1\.1 400 /)
  })
})
