import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROBLEM_CODES, PROBLEMS } from '../../../src/contract/problem.ts'
import { CLINIC, DOCTOR, PATIENT, type Service, openService, startService, UNLIMITED } from '../../kit.ts'

/** Stands in every hostile value; it must come back in no answer and no log line. */
const CANARY = 'canary7f3a'

const body = (change: object) => JSON.stringify({ ...DOCTOR, ...change })
const good = JSON.stringify(DOCTOR)
const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))))

type Row = [
  what: string,
  payload: string | Buffer,
  code: string,
  pointer?: string | undefined,
  headers?: Record<string, string>,
]

const ROWS: Row[] = [
  // Not JSON, or JSON that two readers could read in two ways.
  ['broken JSON', `{"roomId": "${CANARY}"`, 'invalid-json'],
  ['an empty body', '', 'invalid-request', ''],
  ['blanks', '   ', 'invalid-json'],
  ['trailing text', `${good} ${CANARY}`, 'invalid-json'],
  ['two documents', `${good}${good}`, 'invalid-json'],
  ['a comment', `{/* ${CANARY} */}`, 'invalid-json'],
  ['single quotes', `{'roomId': '${CANARY}'}`, 'invalid-json'],
  ['NaN', '{"expirationMinutes": NaN}', 'invalid-json'],
  ['a number with a leading zero', '{"expirationMinutes": 060}', 'invalid-json'],
  ['a byte order mark', bytes([0xef, 0xbb, 0xbf], good), 'invalid-json'],
  ['UTF-16', Buffer.from(good, 'utf16le'), 'invalid-json'],
  ['bytes that are not UTF-8', bytes('{"userName": "', [0xff, 0xfe], '"}'), 'invalid-json'],
  ['an overlong encoding', bytes('{"userName": "', [0xc0, 0xaf], '"}'), 'invalid-json'],
  ['a raw control character', '{"userName": "a\u0000b"}', 'invalid-json'],
  ['a key twice', good.replace('{', `{"userRole": "${CANARY}",`), 'invalid-json'],
  ['a key twice, once in escapes', good.replace('{', '{"user\\u0052ole": "doctor",'), 'invalid-json'],
  ['a key twice with one value', good.replace('{', '{"userRole": "doctor",'), 'invalid-json'],
  ['a key twice further down', body({ extra: 0 }).replace(':0', ':{"a":1,"a":2}'), 'invalid-json'],
  ['a lone high surrogate', body({}).replace('Dr. ', '\\ud83d'), 'invalid-json'],
  ['a lone low surrogate', body({}).replace('Dr. ', '\\ude00'), 'invalid-json'],
  ['surrogates the wrong way round', body({}).replace('Dr. ', '\\ude00\\ud83d'), 'invalid-json'],
  ['a lone surrogate as a key', good.replace('{', '{"\\ud800": 1,'), 'invalid-json'],
  // JSON, but not one object.
  ['null', 'null', 'invalid-request', ''],
  ['an array', '[]', 'invalid-request', ''],
  ['an array of requests', `[${good}]`, 'invalid-request', ''],
  ['a string', `"${CANARY}"`, 'invalid-request', ''],
  ['a number', '42', 'invalid-request', ''],
  ['true', 'true', 'invalid-request', ''],
  ['a deep array', '['.repeat(4000) + ']'.repeat(4000), 'invalid-request', ''],
  ['a deep object', `${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}`, 'invalid-request', '/roomId'],
  // Fields that do not belong.
  ['an unknown field', body({ moderator: true }), 'invalid-request', '/moderator'],
  ['an unknown field with a name that is none', body({ [`${CANARY} <b>`]: 1 }), 'invalid-request', ''],
  ['__proto__', good.replace('{', '{"__proto__": {"userRole": "doctor"},'), 'invalid-request', '/__proto__'],
  ['constructor', body({ constructor: { prototype: {} } }), 'invalid-request', '/constructor'],
  ['prototype', body({ prototype: {} }), 'invalid-request', '/prototype'],
  ['a field in another case', body({ RoomId: CANARY }), 'invalid-request', '/RoomId'],
  ['features', body({ features: { recording: true } }), 'invalid-request', '/features'],
  // Fields that are missing or of another type.
  ...(['roomId', 'userId', 'userName', 'userRole'] as const).flatMap((field): Row[] => [
    [`no ${field}`, body({ [field]: undefined }), 'invalid-request', `/${field}`],
    [`${field} null`, body({ [field]: null }), 'invalid-request', `/${field}`],
    [`${field} a number`, body({ [field]: 7 }), 'invalid-request', `/${field}`],
    [`${field} a list`, body({ [field]: [CANARY] }), 'invalid-request', `/${field}`],
    [`${field} an object`, body({ [field]: { toString: CANARY } }), 'invalid-request', `/${field}`],
    [`${field} empty`, body({ [field]: '' }), 'invalid-request', `/${field}`],
    [`${field} of 10,000 characters`, body({ [field]: 'a'.repeat(10_000) }), 'invalid-request', `/${field}`],
  ]),
  ['userEmail null', body({ userEmail: null }), 'invalid-request', '/userEmail'],
  ['userAvatar null', body({ userAvatar: null }), 'invalid-request', '/userAvatar'],
  // Rooms.
  ...[
    'bharattelemed-A',
    'bharattelemed-caf\u00e9',
    'bharattelemed-a b',
    'bharattelemed-a\n',
    'bharattelemed-a%20b',
    'bharattelemed-a/b',
    'bharattelemed-.*',
    'bharattelemed-a@conference.x',
    `bharattelemed-${'a'.repeat(115)}`,
    'bharattelemed-\uff41',
    '*',
    '../bharattelemed-a',
    'vpaas-magic-cookie-1fc542a3e4414a44b2611668195e2bfe/bharattelemed-a',
    'bharattelemed-',
    'bharattelemed-a--b',
    '-bharattelemed-a',
    'xbharattelemed-a',
  ].map((roomId): Row => [`the room ${JSON.stringify(roomId)}`, body({ roomId }), 'invalid-request', '/roomId']),
  // People.
  ...['a b', 'a\u00e9', 'a\n', `${CANARY} '--`, 'a'.repeat(256)].map((userId): Row => [
    `the user id ${JSON.stringify(userId).slice(0, 20)}`,
    body({ userId }),
    'invalid-request',
    '/userId',
  ]),
  ...[
    '   ',
    '\u00a0',
    'a\u0007b',
    'a\nb',
    'a\u007fb',
    'a\u0085b',
    'a\u200bb',
    'a\u200db',
    'a\u202eb',
    'a\u2066b',
    'a\u200f',
    'a\ufeffb',
    '\u2800',
    '\u3164',
    '\u0301',
    'a\u00adb',
    'a\u2028b',
    'a\uffffb',
    'a\u{e0041}b',
    'a'.repeat(129),
    '\u0958'.repeat(128),
  ].map((userName): Row => [
    `the name ${JSON.stringify(userName).slice(0, 20)}`,
    body({ userName }),
    'invalid-request',
    '/userName',
  ]),
  ...[
    'a',
    '@',
    'a@b',
    'a@@b.in',
    'a b@c.in',
    'a@-b.in',
    'a@b..in',
    '<a@b.in>',
    'a@b.in\n',
    `a@${'b'.repeat(64)}.in`,
    `${'a'.repeat(65)}@b.in`,
    `a@${'b.'.repeat(130)}in`,
  ].map((userEmail): Row => [
    `the e-mail ${JSON.stringify(userEmail).slice(0, 20)}`,
    body({ userEmail }),
    'invalid-request',
    '/userEmail',
  ]),
  ...[
    'http://images.example.org/a.png',
    'HTTPS://images.example.org/a.png',
    'https:images.example.org',
    'https://',
    'https:///a.png',
    '//images.example.org/a.png',
    'javascript:alert(1)',
    'data:image/png;base64,AA',
    `https://user:${CANARY}@images.example.org/`,
    'https://images.example.org/a b',
    'https://images.example.org/"onload=',
    'https://images.example.org/\u00e9',
    'https://images.example.org:99999/',
    'https://images.example.org/\n',
    `https://images.example.org/${'a'.repeat(2048)}`,
  ].map((userAvatar): Row => [
    `the avatar ${JSON.stringify(userAvatar).slice(0, 45)}`,
    body({ userAvatar }),
    'invalid-request',
    '/userAvatar',
  ]),
  ...['Doctor', 'doctor ', 'admin', '__proto__', 'constructor', 'toString', 'hasOwnProperty'].map((userRole): Row => [
    `the role ${JSON.stringify(userRole)}`,
    body({ userRole }),
    'invalid-request',
    '/userRole',
  ]),
  // Lifetimes.
  ...[4, 0, -5, 5.5, 241, 1441, 1e9, 1e308, '60', null, true, [60], { minutes: 60 }].map((expirationMinutes): Row => [
    `a lifetime of ${JSON.stringify(expirationMinutes)}`,
    body({ expirationMinutes }),
    'invalid-request',
    '/expirationMinutes',
  ]),
  [
    'a lifetime of 1e999',
    body({ expirationMinutes: 0 }).replace(':0', ':1e999'),
    'invalid-request',
    '/expirationMinutes',
  ],
  // Sizes and types of the body.
  ['a body of 16 KiB and a byte', good.padEnd(16_385), 'payload-too-large'],
  ['a body of 1 MB', `"${CANARY.repeat(100_000)}"`, 'payload-too-large'],
  ['text/plain', good, 'unsupported-media-type', undefined, { 'content-type': 'text/plain' }],
  [
    'a form',
    `roomId=${CANARY}`,
    'unsupported-media-type',
    undefined,
    { 'content-type': 'application/x-www-form-urlencoded' },
  ],
  ['multipart', good, 'unsupported-media-type', undefined, { 'content-type': 'multipart/form-data; boundary=x' }],
  ['application/jsonp', good, 'unsupported-media-type', undefined, { 'content-type': 'application/jsonp' }],
  ['a content type that is none', good, 'unsupported-media-type', undefined, { 'content-type': CANARY }],
  ['gzip', Buffer.from('1f8b0800', 'hex'), 'unsupported-content-encoding', undefined, { 'content-encoding': 'gzip' }],
]

// One service for the whole table: the rows are many, and each leaves it as it was.
let service: Awaited<ReturnType<typeof openService>>
beforeAll(async () => {
  service = await openService(UNLIMITED)
})
afterAll(() => service.close())

async function post(payload: string | Buffer, headers: Record<string, string> = {}) {
  return service.app.inject({
    method: 'POST',
    url: '/api/jitsi/token',
    headers: { authorization: `Bearer ${CLINIC.apiKey}`, 'content-type': 'application/json', ...headers },
    payload,
  })
}

describe('a request that is wrong', () => {
  it.each(ROWS)('with %s is refused: %#', async (_what, payload, code, pointer, headers) => {
    const entriesBefore = service.entries().length
    const answer = await post(payload, headers)
    const problem = answer.json<Record<string, unknown>>()
    const expected = PROBLEMS[code as keyof typeof PROBLEMS]
    expect(problem).toStrictEqual({
      type: `urn:problem-type:jitsi-token-service:${code}`,
      title: expected.title,
      status: expected.status,
      code,
      detail: code === 'invalid-json' ? (expect.any(String) as string) : expected.detail,
      requestId: answer.headers['x-request-id'],
      ...(pointer === undefined ? {} : { errors: problem['errors'] }),
    })
    expect(answer.statusCode).toBe(expected.status)
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
    if (pointer !== undefined) {
      const errors = problem['errors'] as { pointer: string; message: string }[]
      expect(errors.map((error) => error.pointer)).toContain(pointer)
      expect(errors.every(({ message }) => /^(must|is) /.test(message))).toBe(true)
    }
    expect(answer.body).not.toContain(CANARY)
    expect(answer.body).not.toMatch(/\bat .*\.[jt]s:\d/)
    expect(service.logLines.join('')).not.toContain(CANARY)
    // Whoever is known and refused stands in the record.
    expect(service.entries().slice(entriesBefore)).toMatchObject([
      { outcome: 'refused', code, caller: 'clinic-backend', request_id: problem['requestId'] },
    ])
  })

  it('with sixteen KiB to the byte is taken', async () => {
    const answer = await post(good.padEnd(16_384))
    expect(answer.statusCode).toBe(200)
  })

  it('with many unknown fields is told sixteen of them', async () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`field${index}`, index]))
    const answer = await post(body(many))
    expect(answer.json<{ errors: unknown[] }>().errors).toHaveLength(16)
  })

  it('tells a bad field the rule and not the value', async () => {
    const { client } = service
    await expect(
      client.issueToken({ ...PATIENT, userId: 'a b', userEmail: 'x', expirationMinutes: 1 }),
    ).rejects.toMatchObject({
      errors: [
        { pointer: '/userId', message: 'must be 1 to 255 printable ASCII characters without spaces' },
        {
          pointer: '/userEmail',
          message:
            'must be an e-mail address of at most 254 characters; in the token only if the role has shareEmail in the policy',
        },
        {
          pointer: '/expirationMinutes',
          message: 'must be a whole number of minutes from 5 to the maximum of the role; the role defines the default',
        },
      ],
    })
  })
})

describe('bytes that are not HTTP', () => {
  it.each([
    ['nonsense', 'nonsense\r\n\r\n', 400, 'malformed-request'],
    ['a TLS hello', '\u0016\u0003\u0001\u0000', 400, 'malformed-request'],
    ['a header without a colon', 'GET /livez HTTP/1.1\r\nHost\r\n\r\n', 400, 'malformed-request'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na',
      400,
      'malformed-request',
    ],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'malformed-request',
    ],
    [
      '20 kB of headers',
      `GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: ${CANARY.repeat(2000)}\r\n\r\n`,
      431,
      'headers-too-large',
    ],
  ])('as %s get a problem document', async (_what, text, status, code) => {
    const answer = await raw(service.app, text)
    const [head = '', document = ''] = answer.split('\r\n\r\n')
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} [A-Z]`))
    expect(head).toContain('Content-Type: application/problem+json')
    expect(JSON.parse(document)).toMatchObject({ status, code })
    expect(answer).not.toContain(CANARY)
  })

  it('that stop half way get 408', async () => {
    const { app } = await startService()
    app.server.requestTimeout = 200
    app.server.headersTimeout = 200
    expect(await raw(app, 'POST /api/jitsi/token HTTP/1.1\r\nHost: x\r\n')).toMatch(
      /^HTTP\/1\.1 408 [^]*"request-timeout"/,
    )
  })
})

it('every code has a status of the 400s or 500s, and a title and remedy of its own', () => {
  const words = PROBLEM_CODES.flatMap((code) => [PROBLEMS[code].title, PROBLEMS[code].detail])
  expect(new Set(words).size).toBe(PROBLEM_CODES.length * 2)
  expect(PROBLEM_CODES.every((code) => PROBLEMS[code].status >= 400 && PROBLEMS[code].status < 600)).toBe(true)
})

/** Sends bytes over a socket and takes what comes until the other side closes. */
async function raw(app: Service['app'], text: string): Promise<string> {
  if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as { port: number }
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'))
    socket.on('data', (data) => (answer += data.toString('latin1')))
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}
