import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { onTestFinished } from 'vitest'
import type { Instance } from './fleet.ts'

/** What a balancer had to do twice. */
export type Balancer = {
  name: string
  url: string
  /** Requests that went to another instance because one was not there, or was about to go. */
  retried: { unreachable: number; unavailable: number }
}

type Answer = { status: number; headers: IncomingMessage['headers']; body: Buffer }

/** How long an instance that failed gets no requests, in milliseconds. */
const OUT_MS = 200

/**
 * A balancer such as stands before replicas: in turn, and where an instance is not there, breaks off or says 503, the next
 * one is asked, each once (nginx: `proxy_next_upstream error timeout http_503 non_idempotent`).
 */
export async function startBalancer(instances: readonly Instance[]): Promise<Balancer> {
  const agent = new Agent({ keepAlive: true })
  const retried = { unreachable: 0, unavailable: 0 }
  const outUntil = new Map<Instance, number>()
  let turn = 0

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await wholeOf(incoming)
    turn += 1
    const inTurn = instances.map((_, index) => instances[(turn + index) % instances.length] as Instance)
    const out = (each: Instance) => Number((outUntil.get(each) ?? 0) > performance.now())
    const order = inTurn.toSorted((a, b) => out(a) - out(b))
    let last: Answer = { status: 502, headers: {}, body: Buffer.alloc(0) }
    for (const [index, instance] of order.entries()) {
      const answer = await pass(agent, instance, incoming, body)
      if (answer !== undefined && answer.status !== 503) return send(outgoing, answer)
      last = answer ?? last
      outUntil.set(instance, performance.now() + OUT_MS)
      if (index + 1 < order.length) retried[answer === undefined ? 'unreachable' : 'unavailable'] += 1
    }
    send(outgoing, last)
  }

  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => void serve(incoming, outgoing))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    agent.destroy()
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as { port: number }
  return { name: 'balancer', url: `http://127.0.0.1:${port}`, retried }
}

/** @returns undefined where no whole answer came */
async function pass(
  agent: Agent,
  { port }: Instance,
  { method, url: path, headers }: IncomingMessage,
  body: Buffer,
): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const asked = request({ agent, host: '127.0.0.1', port, method, path, headers }, (incoming) => {
      const { statusCode: status = 0, headers: answered } = incoming
      wholeOf(incoming).then(
        (whole) => resolve({ status, headers: answered, body: whole }),
        () => resolve(undefined),
      )
    })
    asked.on('error', () => resolve(undefined))
    asked.end(body)
  })
}

async function wholeOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function send(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  const { connection: _ofTheOtherSide, ...passed } = headers
  outgoing.writeHead(status, passed).end(body)
}
