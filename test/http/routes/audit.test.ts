import { describe, expect, it } from 'vitest'
import { CLINIC, DOCTOR, PATIENT, POLICY, startService, WARD } from '../../kit.ts'

const AUDITOR = POLICY.replace(
  /(id: clinic-backend[^]*?scopes: )\["tokens:issue"\]/,
  '$1["tokens:issue", "audit:read"]',
)
type Page = { entries: Record<string, unknown>[]; nextCursor?: string }

async function start() {
  const service = await startService({}, undefined, AUDITOR)
  const get = (query: string, key = CLINIC.apiKey) =>
    service.app.inject({ url: `/api/jitsi/audit${query}`, headers: { authorization: `Bearer ${key}` } })
  const page = async (query: string) => (await get(query)).json<Page>()
  return { ...service, get, page }
}

describe('GET /api/jitsi/audit', () => {
  it('returns the newest entries first, without the fields of the hash chain, and records the read', async () => {
    const { client, page, get } = await start()
    await client.issueToken(DOCTOR)
    await client.issueToken({ ...DOCTOR, userRole: 'nurse' }).catch(() => undefined)
    const { entries, nextCursor } = await page('?action=token.issue')
    expect(nextCursor).toBeUndefined()
    expect(entries.map(({ outcome, code }) => [outcome, code])).toStrictEqual([
      ['refused', 'invalid-request'],
      ['issued', undefined],
    ])
    expect(entries[1]).toStrictEqual({
      time: '2026-11-23T09:00:00.000Z',
      chain: expect.any(String) as string,
      sequence: 3,
      requestId: '00000000-0000-4000-8000-000000000001',
      address: '127.0.0.0/24',
      caller: 'clinic-backend',
      action: 'token.issue',
      outcome: 'issued',
      room: DOCTOR.roomId,
      userId: 'doctor-77',
      role: 'doctor',
      jti: '00000000-0000-4000-8000-000000000002',
      kid: expect.stringContaining('/test-key') as string,
      lifetimeSeconds: 5400,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    })
    expect((await page('?action=audit.read')).entries).toMatchObject([
      { outcome: 'done' },
      { outcome: 'done', caller: 'clinic-backend' },
    ])
    expect((await get('')).headers['cache-control']).toBe('no-store')
  })

  it('filters by room, user, caller, outcome, token id and time, one at a time and combined', async () => {
    const { client, clientOf, page } = await start()
    await client.issueToken(DOCTOR)
    await client.issueToken({ ...PATIENT, roomId: 'bharattelemed-ward-1' })
    await clientOf(WARD.apiKey).issueToken({ ...PATIENT, roomId: 'bharattelemed-ward-1' })
    const count = async (query: string) => (await page(`?action=token.issue&${query}`)).entries.length
    expect(await count(`room=${DOCTOR.roomId}`)).toBe(1)
    expect(await count('room=bharattelemed-ward-1')).toBe(2)
    expect(await count('room=bharattelemed-ward-1&caller=ward-backend')).toBe(1)
    expect(await count('userId=doctor-77')).toBe(1)
    expect(await count('outcome=refused')).toBe(0)
    expect(await count('jti=00000000-0000-4000-8000-000000000002')).toBe(1)
    expect(await count('from=2026-11-23T09:00:00Z')).toBe(3)
    expect(await count('from=2026-11-23T14:30:00.001%2B05:30')).toBe(0)
    expect(await count('to=2026-11-23T09:00:00Z')).toBe(0)
    expect(await count("room=' OR 1=1 --".replaceAll(' ', '%20'))).toBe(0)
  })

  it('returns every entry once over all pages while entries are added', async () => {
    const { client, page } = await start()
    for (let i = 0; i < 7; i += 1) await client.issueToken(DOCTOR)
    const seen: unknown[] = []
    let cursor = ''
    for (let pages = 0; pages < 4; pages += 1) {
      const { entries, nextCursor } = await page(`?action=token.issue&limit=2${cursor}`)
      seen.push(...entries.map(({ sequence }) => sequence))
      await client.issueToken(DOCTOR)
      cursor = `&cursor=${nextCursor ?? ''}`
      expect(nextCursor === undefined).toBe(pages === 3)
    }
    expect(seen).toHaveLength(7)
    expect(seen).toStrictEqual(seen.toSorted((a, b) => Number(b) - Number(a)))
  })

  it.each([
    ['?limit=0', '/query/limit'],
    ['?limit=1001', '/query/limit'],
    ['?limit=x', '/query/limit'],
    ['?from=yesterday', '/query/from'],
    ['?to=2026-13-45T00:00:00Z', '/query/to'],
    ['?cursor=abc', '/query/cursor'],
    ['?cursor=W10', '/query/cursor'],
    ['?cursor=a%20b', '/query/cursor'],
    ['?room=', '/query/room'],
    ['?room=a&room=b', '/query/room'],
    ['?rooms=x', '/query/rooms'],
  ])('refuses %s', async (query, pointer) => {
    const { get, entries } = await start()
    const answer = await get(query)
    expect(answer.json()).toMatchObject({ status: 400, code: 'invalid-request', errors: [{ pointer }] })
    expect(entries()).toMatchObject([{ outcome: 'refused', code: 'invalid-request' }])
  })

  it('requires the scope audit:read', async () => {
    const { get } = await start()
    expect((await get('', WARD.apiKey)).json()).toMatchObject({ status: 403, code: 'scope-missing' })
    expect((await get('', 'x')).json()).toMatchObject({ status: 401 })
  })
})

describe('GET /api/jitsi/audit/export', () => {
  it('exports all pages, newest first, as NDJSON or CSV', async () => {
    const { parts, get, client } = await start()
    const entry = { time: 1, requestId: 'r', caller: 'bulk', action: 'token.issue', outcome: 'issued' } as const
    for (let batch = 0; batch < 5; batch += 1)
      await Promise.all(Array.from({ length: 500 }, () => parts.ledger.append(entry)))
    await client.issueToken(DOCTOR)
    const answer = await get('/export?action=token.issue')
    expect(answer.headers['content-type']).toBe('application/x-ndjson')
    const rows = answer.body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(rows).toHaveLength(2501)
    expect(rows[0]).toMatchObject({ userId: 'doctor-77', hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string })
    expect(new Set(rows.map(({ hash }) => hash)).size).toBe(2501)
    const csv = (await get('/export?format=csv&caller=bulk')).body.split('\r\n')
    expect(csv).toHaveLength(2502)
    expect(csv[0]).toBe(
      'time,chain,sequence,requestId,traceId,address,caller,onBehalfOf,action,outcome,code,consultation,invitation,room,userId,role,jti,renews,kid,lifetimeSeconds,hash,clientRequestId,undoes,count,document',
    )
  })

  it('writes no CSV cell that a spreadsheet would execute', async () => {
    const { parts, get } = await start()
    const persons = ['=1+1', '+1', '-1', '@x', '"quoted", and more', 'plain']
    for (const onBehalfOf of persons) {
      await parts.ledger.append({
        time: 1,
        requestId: 'r',
        caller: 'c',
        onBehalfOf,
        action: 'token.issue',
        outcome: 'issued',
      })
    }
    const lines = (await get('/export?format=csv&caller=c')).body.trimEnd().split('\r\n').slice(1)
    const cells = lines.map((line) => /^(?:"[^"]*",){7}"((?:[^"]|"")*)"/.exec(line)?.[1]).toReversed()
    expect(cells).toStrictEqual(["'=1+1", "'+1", "'-1", "'@x", '""quoted"", and more', 'plain'])
  })

  it('refuses invalid queries, requires the scope audit:read, and is recorded', async () => {
    const { get, entries } = await start()
    for (const query of ['?format=xml', '?limit=5', '?from=x']) {
      expect((await get(`/export${query}`)).json()).toMatchObject({ status: 400, code: 'invalid-request' })
    }
    expect((await get('/export', WARD.apiKey)).json()).toMatchObject({ status: 403 })
    await get('/export')
    expect(entries().at(-1)).toMatchObject({ action: 'audit.export', outcome: 'done', caller: 'clinic-backend' })
  })
})

describe('with AUDIT_PSEUDONYMS=hmac', () => {
  const key = (letter: string) => ({ AUDIT_PSEUDONYMS: 'hmac', AUDIT_PSEUDONYM_KEY: letter.repeat(32) })

  it('the audit record contains no user id and no room, and a search with the key finds them', async () => {
    const service = await startService(key('k'), undefined, AUDITOR)
    const { app, entries } = service
    const authorization = `Bearer ${CLINIC.apiKey}`
    const headers = { authorization, 'x-on-behalf-of': 'nurse-9' }
    await app.inject({ method: 'POST', url: '/api/jitsi/token', headers, payload: DOCTOR })
    const refused = { ...DOCTOR, userId: 'doctor-78', roomId: 'elsewhere' }
    await app.inject({ method: 'POST', url: '/api/jitsi/token', headers, payload: refused })
    const stored = JSON.stringify(entries())
    for (const word of [DOCTOR.roomId, 'doctor-77', 'doctor-78', 'elsewhere', 'nurse-9'])
      expect(stored).not.toContain(word)
    const found = async (query: string) =>
      (await app.inject({ url: `/api/jitsi/audit?${query}`, headers: { authorization } })).json<Page>().entries
    expect(await found('userId=doctor-77&outcome=issued')).toMatchObject([
      {
        userId: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        room: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      },
    ])
    expect(await found(`room=${DOCTOR.roomId}`)).toHaveLength(1)
    expect(await found('userId=doctor-78&room=elsewhere')).toHaveLength(1)
    expect(await found('userId=doctor-79')).toHaveLength(0)
  })
})
