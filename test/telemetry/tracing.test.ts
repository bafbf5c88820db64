import { createServer, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { CLINIC, DOCTOR, readEntries, startServiceProcess, tempDir, testEnv } from '../kit.ts'
import { addressOf } from '../support/process.ts'

type Attribute = { key: string; value: Record<string, unknown> }
type Span = {
  name: string
  traceId: string
  spanId: string
  parentSpanId?: string
  attributes?: Attribute[]
  status?: { code?: number }
}
type Export = { resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: Span[] }[] }[] }

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of request) text += String(piece)
  return text
}

/** A collector that stores the spans it receives (OTLP over HTTP, JSON). */
async function startCollector() {
  const received: string[] = []
  const server = createServer((request, response) => {
    void textOf(request).then((text) => {
      received.push(text)
      response.setHeader('content-type', 'application/json').end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as { port: number }
  const exported = () =>
    received.map((text) => JSON.parse(text) as Export).flatMap(({ resourceSpans }) => resourceSpans)
  return {
    url: `http://127.0.0.1:${port}`,
    text: () => received.join('\n'),
    resources: () => exported().flatMap(({ resource }) => resource.attributes),
    spans: () => exported().flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
  }
}

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const CALLER_SPAN = '00f067aa0ba902b7'

it('with a collector in OTEL_*, a request is traced under the span of its caller (decide, sign, record), without personal data', async () => {
  const collector = await startCollector()
  const dir = tempDir()
  const running = startServiceProcess(dir, {
    ...testEnv(dir),
    PORT: '0',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_SERVICE_NAME: 'tokens-of-a-test',
  })
  const url = await addressOf(running)
  const ask = (body: object, headers: Record<string, string> = {}) =>
    fetch(`${url}/api/jitsi/token`, {
      method: 'POST',
      headers: { authorization: `Bearer ${CLINIC.apiKey}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  expect((await ask(DOCTOR, { traceparent: `00-${TRACE}-${CALLER_SPAN}-01` })).status).toBe(200)
  expect((await ask(DOCTOR)).status).toBe(200)
  await fetch(`${url}/nowhere/secret-path?secret-query`)
  await fetch(`${url}/livez`)
  running.child.kill('SIGTERM')
  expect(await running.ended).toBe(0)

  const spans = collector.spans()
  const mine = spans.filter(({ traceId }) => traceId === TRACE)
  const named = (name: string) => mine.find((span) => span.name === name)
  const request = mine.find(({ parentSpanId }) => parentSpanId === CALLER_SPAN)
  expect(request?.attributes).toContainEqual({ key: 'http.route', value: { stringValue: '/api/jitsi/token' } })
  for (const name of ['decide', 'sign', 'record']) expect(named(name)).toBeDefined()
  expect(mine.some(({ spanId }) => spanId === named('sign')?.parentSpanId)).toBe(true)
  expect(spans.map(({ attributes }) => JSON.stringify(attributes)).join()).not.toContain('livez')
  expect(collector.resources()).toContainEqual({ key: 'service.name', value: { stringValue: 'tokens-of-a-test' } })
  expect(collector.text()).not.toMatch(/secret|doctor-77|Iyer|jts_clinic|eyJ/)

  // The trace id is in the log and in the audit record, with or without a traceparent.
  const own = spans.find((span) => span.name === 'sign' && span.traceId !== TRACE)?.traceId
  const entries = readEntries(join(dir, 'service.db')).filter(({ action }) => action === 'token.issue')
  expect(entries.map(({ trace_id }) => trace_id)).toStrictEqual([TRACE, own])
  for (const id of [TRACE, own]) expect(running.output()).toContain(`"traceId":"${id}"`)
})
