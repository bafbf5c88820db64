import type { Job, Tally } from './load-types.ts'
import type { Connection } from './load-wire.ts'

/** Asks as a job says. @returns how many requests got no answer */
export function ask(
  job: Job,
  connections: readonly Connection[],
  requests: readonly Buffer[],
  seen: Tally,
): Promise<number> {
  if (job.kind === 'open') return openLoop(job, connections, requests, seen)
  if (job.kind === 'bursts') return bursts(job, connections, requests, seen)
  return closedLoop(job, connections, requests, seen)
}

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

async function bursts(
  { seconds }: Job,
  connections: readonly Connection[],
  requests: readonly Buffer[],
  seen: Tally,
): Promise<number> {
  const until = performance.now() + seconds * 1000
  let next = 0
  while (performance.now() < until) {
    const sent = performance.now()
    const answered = (connection: Connection) =>
      new Promise<void>((resolve) =>
        connection.send(requestOf(requests, next++), (status) => {
          seen.add(status, sent)
          resolve()
        }),
      )
    await Promise.all(connections.map(answered))
  }
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
