import { ask } from './load-loops.ts'
import { openConnection } from './load-wire.ts'
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
      /** All connections ask at once, and again when all have their answers. */
      kind: 'bursts'
      connections: number
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
export type Latency = { n: number; p50: number; p99: number; max: number }

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
  const unanswered = await ask(job, connections, requests, seen)
  const { user, system } = process.cpuUsage(before)
  for (const connection of connections) connection.close()
  return {
    answers: seen.answers(),
    okPerSecond: seen.ok() / job.seconds,
    unanswered,
    cpuSeconds: (user + system) / 1e6,
  }
}

/** Counts answers by status. */
export type Tally = {
  /** @param sinceMs when the time of an answer began */
  add(status: number, sinceMs: number): void
  answers(): Record<string, Latency>
  /** Answers of status 200 within the time of asking. */
  ok(): number
}

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
