import { METRICS_TOKEN } from '../support/process.ts'
import type { Setup } from './bench.ts'
import { cpuSeconds, residentMb } from './cpu.ts'
import { pin } from './cores.ts'
import { closedRound, type Load, startLoad, warm } from './load.ts'
import { atLeast, atMost, type Goal, type Outcome } from './result.ts'
import { type Server, startService } from './service.ts'
import { interleaved, median } from './stats.ts'

/** How long a signature may be expected to wait; the setting's default, and set all the same, so that the goal is its own. */
const QUEUE_MS = 500
const TIMES = [2, 5]

const SETTLE_MS = 20_000

/** Rounds after which memory is taken as it is. */
const SOAK_ROUNDS = 15

/** What was seen while more was asked for than can be made. */
type Overloaded = {
  /** Of the capacity measured right before. */
  share: number
  okP50: number
  okP99: number
  refusedP99: number
  /** Answers that are neither a token nor a 503, and requests without an answer. */
  other: number
  residentMb: number
}

/** What becomes of the service when it is asked for more than the processor makes. */
export async function overload(setup: Setup): Promise<Outcome> {
  const load = startLoad()
  // Apart from each other: refusals are so many that what asks for them would take the service's time away.
  pin(load.pid, 1)
  const server = await startService({ ...setup, core: 0, env: { SIGNING_QUEUE_MS: String(QUEUE_MS) } })
  try {
    await warm(load, server, setup)
    await soak(load, server, setup)
    const atRestMb = residentMb(server.pid)
    const runs = TIMES.map((times) => [`${times} times`, () => overloaded(load, server, times, 2 * setup.seconds)])
    const measured = await interleaved(setup, Object.fromEntries(runs) as Record<string, () => Promise<Overloaded>>)
    return outcome(measured, atRestMb)
  } finally {
    await Promise.all([load.stop(), server.stop()])
  }
}

/**
 * Asks for too much until V8 has collected the old part of its heap: requests that wait outlive the young part, and what is dead
 * of them lies there until the heap has reached its first limit. Only then does growth tell of something that is kept.
 */
async function soak(load: Load, server: Server, { seconds, quick }: Setup): Promise<void> {
  const before = await majorCollections(server)
  for (let round = 0; round < (quick ? 1 : SOAK_ROUNDS); round += 1) {
    await overloaded(load, server, Math.max(...TIMES), seconds)
    if ((await majorCollections(server)) > before) return
  }
}

async function majorCollections({ port }: Server): Promise<number> {
  const headers = { authorization: `Bearer ${METRICS_TOKEN}` }
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers })).text()
  return Number(/^nodejs_gc_duration_seconds_count\{kind="major"\} (\d+)/m.exec(text)?.[1] ?? 0)
}

async function overloaded(load: Load, server: Server, times: number, seconds: number): Promise<Overloaded> {
  const { port, requests } = server
  const closed = await closedRound(load, server, seconds / 2)
  const perSecond = times * closed.perSecond
  // Enough for all that may wait in the queue and for the refusals on their way.
  const connections = Math.ceil(2 * closed.perSecond * (QUEUE_MS / 1000) + 500)
  const { answers, okPerSecond, unanswered } = await load.run({
    kind: 'open',
    port,
    requests,
    seconds,
    perSecond,
    connections,
    drainSeconds: 5,
  })
  await settled(server)
  const { 200: ok, 503: refused, ...others } = answers
  const share = okPerSecond / closed.perSecond
  return {
    share,
    okP50: ok?.p50 ?? Number.NaN,
    okP99: ok?.p99 ?? Number.NaN,
    refusedP99: refused?.p99 ?? 0,
    other: unanswered + Object.values(others).reduce((sum, { n }) => sum + n, 0),
    residentMb: residentMb(server.pid),
  }
}

/** Waits until the service has done with what it was asked: else the next round would wait for it. */
async function settled({ pid }: Server): Promise<void> {
  const until = performance.now() + SETTLE_MS
  for (let before = cpuSeconds(pid); performance.now() < until; before = cpuSeconds(pid)) {
    await new Promise((resolve) => setTimeout(resolve, 300))
    if (cpuSeconds(pid) - before < 0.05) return
  }
}

function outcome(measured: Record<string, Overloaded[]>, atRestMb: number): Outcome {
  const of = (name: string, pick: (seen: Overloaded) => number) => median((measured[name] ?? []).map(pick))
  const names = Object.keys(measured)
  const last = Math.max(...names.map((name) => measured[name]?.at(-1)?.residentMb ?? Number.NaN))
  const first = Math.max(...names.map((name) => measured[name]?.[0]?.residentMb ?? Number.NaN))
  return {
    title: 'More than it can make',
    about: `Requests come by a schedule (a Poisson process), two and five times as many as a closed loop got answered right before; times count from when a request was due. SIGNING_QUEUE_MS is ${QUEUE_MS}. The service has one core, the load generator another. Memory is told once V8 has collected the old part of its heap under such load, for until then it only grows.`,
    goals: [
      ...names.flatMap((name) => goalsOf(name, (pick) => of(name, pick))),
      atMost('resident memory after the last round ÷ after the first', last / first, 1.1),
    ],
    tables: [
      {
        title: `By how much is asked for; resident memory before was ${Math.round(atRestMb)} MB`,
        head: [
          'of the capacity',
          'tokens ÷ capacity',
          'p50 ms',
          'p99 ms',
          'p99 of a 503, ms',
          'other answers',
          'memory, MB',
        ],
        rows: names.map((name) => [
          name,
          of(name, ({ share }) => share),
          of(name, ({ okP50 }) => okP50),
          of(name, ({ okP99 }) => okP99),
          of(name, ({ refusedP99 }) => refusedP99),
          of(name, ({ other }) => other),
          of(name, (seen) => seen.residentMb),
        ]),
      },
    ],
    charts: [
      {
        title: 'Tokens under overload, of the capacity',
        unit: 'share',
        bars: names.map((label) => ({ label, value: of(label, ({ share }) => share) })),
        goal: 0.92,
      },
    ],
    rounds: Object.fromEntries(
      names.flatMap((name) => [
        [`${name}: share`, (measured[name] ?? []).map(({ share }) => share)],
        [`${name}: p99 ms`, (measured[name] ?? []).map(({ okP99 }) => okP99)],
        [`${name}: memory, MB`, (measured[name] ?? []).map((seen) => seen.residentMb)],
      ]),
    ),
  }
}

function goalsOf(name: string, of: (pick: (seen: Overloaded) => number) => number): Goal[] {
  return [
    atLeast(
      `${name} the capacity: tokens ÷ capacity`,
      of(({ share }) => share),
      0.92,
    ),
    atMost(
      `${name}: p99 of the tokens`,
      of(({ okP99 }) => okP99),
      QUEUE_MS * 1.2,
      'ms',
    ),
    atMost(
      `${name}: p99 of a 503`,
      of(({ refusedP99 }) => refusedP99),
      20,
      'ms',
    ),
    atMost(
      `${name}: answers that are neither`,
      of(({ other }) => other),
      0,
    ),
  ]
}
