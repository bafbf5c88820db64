import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { readEventStream } from '../../src/client/event-stream.ts'
import { TokenServiceError } from '../../src/client/http.ts'

type Message = { event: string | undefined; data: string }

const streamOf = (...chunks: Uint8Array[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })

async function read(...chunks: Uint8Array[]): Promise<{ messages: Message[]; retries: number[] }> {
  const [messages, retries]: [Message[], number[]] = [[], []]
  for await (const { event, data } of readEventStream(streamOf(...chunks), undefined, (ms) => retries.push(ms))) {
    messages.push({ event, data })
  }
  return { messages, retries }
}

const catchError = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

afterEach(() => void vi.useRealTimers())

const encode = (text: string) => new TextEncoder().encode(text)

describe('a stream of events', () => {
  it.each([
    ['line feeds', '\n'],
    ['carriage returns', '\r'],
    ['both', '\r\n'],
  ])('is read with %s as line endings', async (_name, end) => {
    const text = [': comment', 'retry: 250', 'event: state', 'data: {"a":', 'data:  1}', 'id: 7', '', ''].join(end)
    expect(await read(encode(text))).toStrictEqual({
      messages: [{ event: 'state', data: '{"a":\n 1}' }],
      retries: [250],
    })
  })

  it('may begin with a byte order mark, and loses an event that is cut off', async () => {
    const { messages } = await read(encode('\u{feff}event: a\ndata: 1\n\nevent: b\ndata: 2\n'))
    expect(messages).toStrictEqual([{ event: 'a', data: '1' }])
  })

  it('has no event without data, and ignores unknown fields and a retry that is no number', async () => {
    const text = 'event: a\n\nretry: soon\nretry: -1\nwhat: x\ndata\n\ndata: 1\n\n'
    expect(await read(encode(text))).toStrictEqual({
      messages: [
        { event: undefined, data: '' },
        { event: undefined, data: '1' },
      ],
      retries: [],
    })
  })

  it('yields an event that ends with a carriage return without waiting for the next byte', async () => {
    const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(encode('data: 1\r\r')) })
    const events = readEventStream(body, undefined, () => undefined)
    expect((await events.next()).value).toMatchObject({ data: '1' })
    await events.return()
  })

  it('throws a TokenServiceError where the connection breaks', async () => {
    const reason = new TypeError('terminated')
    const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(reason) })
    const error = await catchError(readEventStream(body, undefined, () => undefined).next())
    expect(error).toBeInstanceOf(TokenServiceError)
    expect(error).toMatchObject({ code: 'unreachable', status: 0, cause: reason })
  })

  it('throws a TokenServiceError after 60 seconds without a byte, and closes the connection', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const cancel = vi.fn<() => void>()
    let send: (text: string) => void = () => undefined
    const start = (controller: ReadableStreamDefaultController<Uint8Array>) =>
      void (send = (text) => controller.enqueue(encode(text)))
    const body = new ReadableStream<Uint8Array>({ start, cancel })
    const error = catchError(readEventStream(body, undefined, () => undefined).next())
    await vi.advanceTimersByTimeAsync(59_999)
    send(': heartbeat\n\n')
    await vi.advanceTimersByTimeAsync(59_999)
    expect(cancel).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(await error).toMatchObject({ name: 'TokenServiceError', code: 'unreachable', status: 0 })
    expect(cancel).toHaveBeenCalledOnce()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('has the same events however its bytes are cut into chunks', async () => {
    const end = fc.constantFrom('\n', '\r', '\r\n')
    const text = fc.string({ unit: fc.constantFrom('a', ':', ' ', 'é', '語', '🩺', '\u{feff}'), maxLength: 6 })
    const line = fc.oneof(
      text.map((value) => `data:${value}`),
      text.map((value) => `event: ${value}`),
      text.map((value) => `:${value}`),
      text,
      fc.nat(9999).map((ms) => `retry: ${ms}`),
      fc.constant(''),
    )
    const lines = fc.array(fc.tuple(line, end), { maxLength: 20 })
    const cuts = fc.array(fc.nat(200), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(lines, fc.boolean(), cuts, async (parts, hasMark, at) => {
        const whole = (hasMark ? '\u{feff}' : '') + parts.flat().join('')
        const bytes = encode(whole)
        const sorted = [0, ...at.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length]
        const chunks = sorted.slice(1).map((cut, index) => bytes.slice(sorted[index], cut))
        expect(await read(...chunks)).toStrictEqual(parseWhole(whole))
      }),
      { numRuns: 1000 },
    )
  })
})

/** The events of a text, by the processing rules of the HTML standard (section 9.2.6). */
function parseWhole(text: string): { messages: Message[]; retries: number[] } {
  const [messages, retries]: [Message[], number[]] = [[], []]
  let [event, data]: [string | undefined, string[]] = [undefined, []]
  const lines = text.replace(/^\u{feff}/u, '').split(/\r\n|\r|\n/)
  for (const line of lines.slice(0, -1)) {
    if (line === '') {
      if (data.length > 0) messages.push({ event, data: data.join('\n') })
      ;[event, data] = [undefined, []]
      continue
    }
    const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/u.exec(line) ?? []
    if (name === 'data') data.push(value)
    if (name === 'event') event = value === '' ? undefined : value
    if (name === 'retry' && /^[0-9]+$/.test(value)) retries.push(Number(value))
  }
  return { messages, retries }
}
