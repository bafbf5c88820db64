import { type Connection, openConnection } from './load-wire.ts'
import { quantile } from './stats.ts'

/** What a load generator is asked to do. Requests are whole HTTP/1.1 requests, sent in turn. */
export type Job = { port: number; requests: readonly string[]; seconds: number } & (
  | {
      /** Each connection asks again when it has its answer. */
      kind: 'closed'
      connections: number
      /** Between an answer and the next request. */
      pauseMs?: number
    }
  | {
      /** Requests come when they come (a Poisson process), whatever the answers do. */
      kind: 'open'
      perSecond: number
      connections: number
      /** How long answers are waited for once no more is asked. */
      drainSeconds: number
    }
)

/** How long answers took, in milliseconds; where requests come by a schedule, since the request was due. */
type Latency = { n: number; p50: number; p99: number; max: number }

/** What a load generator saw. */
export type Report = {
  /** By status; 0 stands for connections that broke. */
  answers: Record<string, Latency>
  /** Requests with no answer when the waiting ended. */
  unanswered: number
  /** Answers of status 200 a second, of those that came while it was still asking. */
  okPerSecond: number
  /** CPU that the load generator used itself. */
  cpuSeconds: number
}

/** A process of its own that makes load: one job at a time, asked for and told by messages. */
process.on('message', (job: Job) => {
  void run(job).then((report) => process.send?.(report))
})

async function run(job: Job): Promise<Report> {
  const requests = job.requests.map((request) => Buffer.from(request, 'latin1'))
  const connections = await Promise.all(Array.from({ length: job.connections }, () => openConnection(job.port)))
  const began = performance.now()
  const before = process.cpuUsage()
  const seen = tally(began, job.seconds)
  const unanswered =
    job.kind === 'closed'
      ? await closedLoop(job, connections, requests, seen)
      : await openLoop(job, connections, requests, seen)
  const { user, system } = process.cpuUsage(before)
  for (const connection of connections) connection.close()
  return {
    answers: seen.answers(),
    okPerSecond: seen.ok() / job.seconds,
    unanswered,
    cpuSeconds: (user + system) / 1e6,
  }
}

type Tally = { add(status: number, sinceMs: number): void; answers(): Record<string, Latency>; ok(): number }

function tally(began: number, seconds: number): Tally {
  const times = new Map<number, number[]>()
  let ok = 0
  return {
    add(status, sinceMs) {
      const now = performance.now()
      const list = times.get(status) ?? []
      times.set(status, list)
      list.push(now - sinceMs)
      if (status === 200 && now - began <= seconds * 1000) ok += 1
    },
    answers: () => Object.fromEntries([...times].map(([status, list]) => [status, latency(list)])),
    ok: () => ok,
  }
}

const latency = (times: readonly number[]): Latency => ({
  n: times.length,
  p50: quantile(times, 0.5),
  p99: quantile(times, 0.99),
  max: quantile(times, 1),
})

/** Resolves when every connection has its last answer. @returns 0: every request is waited for */
async function closedLoop(
  { seconds, pauseMs }: Extract<Job, { kind: 'closed' }>,
  connections: readonly Connection[],
  requests: readonly Buffer[],
  seen: Tally,
): Promise<number> {
  const until = performance.now() + seconds * 1000
  let next = 0
  const loop = (connection: Connection, end: () => void) => {
    const sent = performance.now()
    if (sent >= until) return end()
    connection.send(requestOf(requests, next++), (status) => {
      seen.add(status, sent)
      if (status === 0) return end()
      if (pauseMs === undefined) loop(connection, end)
      else setTimeout(() => loop(connection, end), pauseMs)
    })
  }
  await Promise.all(connections.map((connection) => new Promise<void>((resolve) => loop(connection, resolve))))
  return 0
}

const requestOf = (requests: readonly Buffer[], index: number): Buffer =>
  requests[index % requests.length] ?? Buffer.alloc(0)

/** A request that finds no free connection waits for one, and its time runs. @returns how many got no answer */
async function openLoop(
  { perSecond, seconds, drainSeconds }: Extract<Job, { kind: 'open' }>,
  connections: readonly Connection[],
  requests: readonly Buffer[],
  seen: Tally,
): Promise<number> {
  const free = [...connections]
  const backlog: number[] = []
  let first = 0
  let asked = 0
  let answered = 0
  const send = (connection: Connection, dueMs: number) => {
    connection.send(requestOf(requests, asked++), (status) => {
      answered += 1
      seen.add(status, dueMs)
      const waiting = backlog[first]
      if (status === 0) return
      if (waiting === undefined) free.push(connection)
      else {
        first += 1
        send(connection, waiting)
      }
    })
  }
  const began = performance.now()
  const random = randomFrom(1)
  let dueMs = began
  while (dueMs < began + seconds * 1000) {
    const now = performance.now()
    for (; dueMs <= now; dueMs += (-Math.log(1 - random()) / perSecond) * 1000) {
      const connection = free.pop()
      if (connection === undefined) backlog.push(dueMs)
      else send(connection, dueMs)
    }
    await pause(1)
  }
  const all = () => asked + backlog.length - first
  const end = performance.now() + drainSeconds * 1000
  while (answered < all() && performance.now() < end) await pause(5)
  return all() - answered
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Chance that is the same in every run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
