import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type ClientOptions, createClient, TokenServiceError } from '../../src/client/client.ts'

const BASE = { baseUrl: 'https://tokens.example.org', credential: 'k' }
const HEADERS = { 'content-type': 'text/event-stream; charset=utf-8' }
const WAITING = { state: 'waiting', consultationId: 'c-1' }
const event = (name: string) => `event: ${name}\ndata: {"state":"open"}\n\n`

/** A fetch that answers the requests one after another; the last answer repeats. */
function fetchOf(...answers: (() => Response | Promise<Response>)[]) {
  const urls: string[] = []
  const fetch: NonNullable<ClientOptions['fetch']> = async (url) => {
    urls.push(url)
    return (answers[urls.length - 1] ?? answers.at(-1))?.() ?? Response.error()
  }
  return { fetch, urls }
}
const stream = (text: string) => () => new Response(text, { headers: HEADERS })
const openStream = (text = '') => new Response(new ReadableStream(startWith(text)), { headers: HEADERS })
const startWith = (text: string) => ({
  start: (controller: ReadableStreamDefaultController<Uint8Array>) =>
    controller.enqueue(new TextEncoder().encode(text)),
})
const silence = () => new Promise<never>(() => undefined)

/** What a promise is after the microtasks that are due now, without any timer. */
async function stateNow(work: Promise<unknown>): Promise<unknown> {
  let state: unknown = 'pending'
  work.then(
    (value) => (state = value),
    (error: unknown) => (state = error),
  )
  await setImmediate()
  return state
}

afterEach(() => void vi.useRealTimers())

/** Only the timers of the client: those that this file waits with stay. */
const fakeTimers = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })

describe('the events of a consultation', () => {
  it('end with the last event, though the server asks to come again', async () => {
    const { fetch, urls } = fetchOf(stream(`${event('state')}retry: 3600000\n${event('ended')}`))
    const names: string[] = []
    for await (const each of createClient({ ...BASE, fetch }).events('c-1')) names.push(each.event)
    expect(names).toStrictEqual(['state', 'ended'])
    expect(urls).toStrictEqual(['https://tokens.example.org/api/jitsi/consultations/c-1/events'])
  })

  it('go on after a connection that ends or fails, after the time that the server asked for', async () => {
    fakeTimers()
    const { fetch, urls } = fetchOf(
      stream(`retry: 70\n${event('state')}`),
      () => Promise.reject(new TypeError('no connection')),
      () => Response.json({ code: 'overloaded', detail: 'd' }, { status: 503, headers: { 'retry-after': '2' } }),
      stream(event('cancelled')),
    )
    const events = createClient({ ...BASE, fetch }).events('c-1')
    expect((await events.next()).value).toMatchObject({ event: 'state' })
    const next = events.next()
    for (const [ms, connections] of [
      [69, 1],
      [1, 2],
      [69, 2],
      [1, 3],
      [1999, 3],
    ] as const) {
      await vi.advanceTimersByTimeAsync(ms)
      expect([ms, urls.length]).toStrictEqual([ms, connections])
    }
    await vi.advanceTimersByTimeAsync(1)
    expect((await next).value).toMatchObject({ event: 'cancelled' })
    expect(await events.next()).toMatchObject({ done: true })
  })

  it('wait three seconds where the server names no time, and an hour at most', async () => {
    fakeTimers()
    const { fetch, urls } = fetchOf(stream(event('state')), stream(`retry: 99999999999\n${event('state')}`), silence)
    const events = createClient({ ...BASE, fetch }).events('c-1')
    await events.next()
    const second = events.next()
    await vi.advanceTimersByTimeAsync(2999)
    expect(urls).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    await second
    void events.next()
    await vi.advanceTimersByTimeAsync(3_599_999)
    expect(urls).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(1)
    expect(urls).toHaveLength(3)
  })

  it('report each interruption as a TokenServiceError, and neither the last event nor a refusal', async () => {
    fakeTimers()
    const broken = () => {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode(event('state'))),
        pull: (controller) => controller.error(new TypeError('terminated')),
      })
      return new Response(body, { headers: HEADERS })
    }
    const { fetch, urls } = fetchOf(
      stream(event('state')),
      broken,
      () => openStream(event('state')),
      () => Promise.reject(new TypeError('no connection')),
      () => Response.json({ code: 'overloaded', detail: 'd' }, { status: 503 }),
      () => Response.json({ code: 'forbidden', detail: 'd' }, { status: 403 }),
    )
    const interruptions: TokenServiceError[] = []
    const onInterrupted = (error: TokenServiceError) => void interruptions.push(error)
    const names: string[] = []
    const reading = (async () => {
      const events = createClient({ ...BASE, fetch }).events('c-1', { onInterrupted })
      for await (const each of events) names.push(each.event)
    })()
    const failure = reading.catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(60_000 + 6 * 3000)
    expect(await failure).toMatchObject({ code: 'forbidden' })
    expect(names).toStrictEqual(['state', 'state', 'state'])
    expect(urls).toHaveLength(6)
    expect(interruptions.every((error) => error instanceof TokenServiceError)).toBe(true)
    expect(interruptions.map(({ code, status }) => [code, status])).toStrictEqual([
      ['unreachable', 0],
      ['unreachable', 0],
      ['unreachable', 0],
      ['unreachable', 0],
      ['overloaded', 503],
    ])
  })

  it('must begin within the time limit, and may then last longer', async () => {
    fakeTimers()
    const { fetch } = fetchOf(() => openStream(event('state')), silence)
    const options = { ...BASE, fetch, timeoutMs: 500 }
    const lasting = createClient(options).events('c-1')
    await lasting.next()
    const next = lasting.next()
    await vi.advanceTimersByTimeAsync(5000)
    expect(await stateNow(next)).toBe('pending')
    const silent = createClient(options).events('c-1').next()
    const failure = silent.catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(499)
    expect(await stateNow(silent)).toBe('pending')
    await vi.advanceTimersByTimeAsync(1)
    expect(await failure).toMatchObject({ code: 'unreachable', cause: { name: 'TimeoutError' } })
  })

  it('report no interruption after the last event or an abort', async () => {
    const onInterrupted = vi.fn<() => void>()
    const ended = createClient({ ...BASE, ...fetchOf(stream(event('ended'))) }).events('c-1', { onInterrupted })
    for await (const each of ended) expect(each.event).toBe('ended')
    const abort = new AbortController()
    const open = createClient({ ...BASE, ...fetchOf(() => openStream(event('state'))) })
    const events = open.events('c-1', { onInterrupted, signal: abort.signal })
    await events.next()
    abort.abort()
    expect(await events.next()).toMatchObject({ done: true })
    expect(onInterrupted).not.toHaveBeenCalled()
  })

  it.each([
    ['the first connection fails', [() => Promise.reject(new TypeError('x'))], 'unreachable'],
    ['the service refuses', [() => Response.json({ code: 'not-found', detail: 'd' }, { status: 404 })], 'not-found'],
    ['the answer is no stream', [() => new Response('<p>')], 'unexpected-answer'],
    ['the data is no JSON', [stream('event: state\ndata: {\n\n')], 'unexpected-answer'],
    [
      'the service refuses later',
      [stream('retry: 0\n\n'), () => Response.json({ code: 'forbidden', detail: 'd' }, { status: 403 })],
      'forbidden',
    ],
  ])('throw when %s', async (_what, answers, code) => {
    const { fetch } = fetchOf(...answers)
    await expect(
      createClient({ ...BASE, fetch })
        .events('c-1')
        .next(),
    ).rejects.toMatchObject({ code })
  })

  it.each([
    ['the signal has aborted before', () => ({ fetch: fetchOf(stream(event('state'))).fetch, isAborted: true })],
    ['connecting', () => fetchOf(silence)],
    ['asking for the credential', () => ({ ...fetchOf(silence), credential: silence })],
    ['reading', () => fetchOf(() => openStream())],
    ['pausing', () => fetchOf(stream('retry: 1000\n\n'))],
  ])('end in the same turn when aborted while %s', async (_what, build) => {
    fakeTimers()
    const { isAborted = false, ...options } = build() as Partial<ClientOptions> & { isAborted?: boolean }
    const abort = new AbortController()
    if (isAborted) abort.abort()
    const next = createClient({ ...BASE, ...options })
      .events('c-1', { signal: abort.signal })
      .next()
    if (!isAborted) expect(await stateNow(next)).toBe('pending')
    abort.abort()
    expect(await stateNow(next)).toStrictEqual({ done: true, value: undefined })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('end between two events of one chunk when aborted, and close the connection', async () => {
    const abort = new AbortController()
    const cancel = vi.fn<() => void>()
    const body = new ReadableStream({ ...startWith(event('state') + event('waiting')), cancel })
    const fetch = async () => new Response(body, { headers: HEADERS })
    const events = createClient({ ...BASE, fetch }).events('c-1', { signal: abort.signal })
    await events.next()
    abort.abort()
    expect(await stateNow(events.next())).toStrictEqual({ done: true, value: undefined })
    expect(cancel).toHaveBeenCalledOnce()
  })
})

describe('waiting for the admission', () => {
  const token = { token: 't' }
  const start = (fetch: NonNullable<ClientOptions['fetch']>, signal?: AbortSignal) =>
    createClient({ ...BASE, fetch, pollMs: 5000 }).enterWhenAdmitted(
      { roomId: 'r' },
      signal === undefined ? {} : { signal },
    )

  it('asks again after each event, also after a connection that ended', async () => {
    fakeTimers()
    let admitted = false
    let connections = 0
    let asked = 0
    const entering = start(async (url) => {
      if (!url.endsWith('/events')) return ((asked += 1), Response.json(admitted ? token : WAITING))
      connections += 1
      return connections === 1 ? stream(`retry: 10\n${event('state')}`)() : openStream(event('admitted'))
    })
    expect(await stateNow(entering)).toBe('pending')
    expect([asked, connections]).toStrictEqual([2, 1])
    admitted = true
    await vi.advanceTimersByTimeAsync(10)
    expect(await stateNow(entering)).toStrictEqual(token)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('asks every pollMs where no events arrive', async () => {
    fakeTimers()
    let asked = 0
    const entering = start(async (url) => {
      if (url.endsWith('/events')) throw new TypeError('blocked')
      return ((asked += 1), Response.json(asked === 3 ? token : WAITING))
    })
    await vi.advanceTimersByTimeAsync(4999)
    expect(asked).toBe(1)
    await vi.advanceTimersByTimeAsync(5001)
    expect(await stateNow(entering)).toStrictEqual(token)
  })

  it.each([
    ['pausing', () => Promise.reject(new TypeError('blocked')), true],
    ['listening', () => Promise.resolve(openStream()), true],
    ['connecting', silence, true],
    ['asking again', () => Promise.resolve(openStream(event('state'))), false],
  ] as const)('is given up in the same turn while %s', async (_what, events, doesAnswer) => {
    fakeTimers()
    const abort = new AbortController()
    let asked = 0
    const entering = start(async (url) => {
      if (url.endsWith('/events')) return events()
      return (asked += 1) === 1 || doesAnswer ? Response.json(WAITING) : silence()
    }, abort.signal)
    expect(await stateNow(entering)).toBe('pending')
    abort.abort('closed')
    expect(await stateNow(entering)).toMatchObject({ name: 'TokenServiceError', code: 'unreachable', status: 0 })
    expect(vi.getTimerCount()).toBe(0)
  })
})
