import { availableParallelism } from 'node:os'
import type { Setup } from './bench.ts'
import { cpuSeconds, type Threads, threadSeconds } from './cpu.ts'
import { startWorker, type Worker } from './child.ts'
import type { Job, Report } from './load-types.ts'
import type { Server } from './service.ts'

export type Load = Worker<Job, Report>

export const startLoad = (): Load => startWorker<Job, Report>('load-generator.ts')

/** Requests that a closed loop has under way: enough to keep every core signing while others are recorded and answered. */
export const AT_ONCE = 8 * availableParallelism()

/** Tokens until the code is warm, and until even what is seldom used is compiled; and the longest that a thousand may take. */
const WARM_TOKENS = 12_000
export const SETTLED_TOKENS = 25_000
const SECONDS_A_THOUSAND = 2

/** What a round of load cost a server. */
export type Round = {
  tokens: number
  perSecond: number
  /** CPU of the server per token in microseconds, all of it and by kind of thread. */
  cpuUs: number
  threadsUs: Threads
  p50Ms: number
  p99Ms: number
  /** Cores that the load generator itself kept busy. */
  loadCores: number
}

/** Asks until a server's code is compiled as well as it will be: before, a token costs half as much again. */
export async function warm(load: Load, server: Server, { quick }: Setup, wanted = WARM_TOKENS): Promise<void> {
  const enough = quick ? wanted / 4 : wanted
  let tokens = 0
  for (let second = 0; second < (enough / 1000) * SECONDS_A_THOUSAND && tokens < enough; second += 1) {
    tokens += (await closedRound(load, server, 1)).tokens
  }
}

/** Longer than the least time between two commits to the record: whoever asks after it waits for nobody. */
export const APART_MS = 15

/** The median of a token that is asked for alone, in milliseconds. */
export const aloneMs = async (load: Load, server: Server, seconds: number): Promise<number> =>
  (await closedRound(load, server, seconds, 1, APART_MS)).p50Ms

/**
 * Asks for tokens in a closed loop, and counts what they cost.
 * @param pauseMs how long each connection rests between an answer and the next request
 * @throws Error where an answer was no token
 */
export async function closedRound(
  load: Load,
  server: Server,
  seconds: number,
  connections = AT_ONCE,
  pauseMs?: number,
): Promise<Round> {
  const [cpu, threads] = [cpuSeconds(server.pid), threadSeconds(server.pid)]
  const { port, requests } = server
  const {
    answers,
    okPerSecond,
    cpuSeconds: loadSeconds,
  } = await load.run({
    ...{ kind: 'closed', port, requests, connections, seconds },
    ...(pauseMs === undefined ? {} : { pauseMs }),
  })
  const [cpuAfter, threadsAfter] = [cpuSeconds(server.pid), threadSeconds(server.pid)]
  const { 200: issued, ...others } = answers
  if (issued === undefined || Object.keys(others).length > 0) {
    throw new Error(`not every answer was a token: ${JSON.stringify(answers)}`)
  }
  const us = (after: number, before: number) => ((after - before) / issued.n) * 1e6
  return {
    tokens: issued.n,
    perSecond: okPerSecond,
    cpuUs: us(cpuAfter, cpu),
    threadsUs: {
      main: us(threadsAfter.main, threads.main),
      pool: us(threadsAfter.pool, threads.pool),
      record: us(threadsAfter.record, threads.record),
      other: us(threadsAfter.other, threads.other),
    },
    p50Ms: issued.p50,
    p99Ms: issued.p99,
    loadCores: loadSeconds / seconds,
  }
}
