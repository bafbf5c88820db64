import type { Job, Latency, Report, Tally } from './load-types.ts'
import { ask } from './load-loops.ts'
import { openConnection } from './load-wire.ts'
import { quantile } from './stats.ts'

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
