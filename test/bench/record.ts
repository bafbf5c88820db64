import { fileURLToPath } from 'node:url'
import type { Setup } from './bench.ts'
import { closedRound, type Round, SETTLED_TOKENS, startLoad, warm } from './load.ts'
import { ownDatabase } from './postgres.ts'
import { atMost, type Outcome } from './result.ts'
import { type Server, startService } from './service.ts'
import { interleaved, median, ratios } from './stats.ts'

const GOAL = 1.05

const ENTRY = fileURLToPath(new URL('server-entry.ts', import.meta.url))

/** What the record costs: the same service with it and without it. */
export async function record(setup: Setup): Promise<Outcome> {
  const postgres = await ownDatabase()
  try {
    return outcome(await measure(setup, postgres?.url))
  } finally {
    await postgres?.drop()
  }
}

const WITHOUT = 'no record'

async function measure(setup: Setup, postgresUrl?: string): Promise<Record<string, Round[]>> {
  const { keysDir, seconds } = setup
  const load = startLoad()
  const open = (options: { databaseUrl?: string; without?: true }) =>
    startService({ keysDir, ...options, entry: ENTRY, entryArguments: options.without ? ['without-record'] : [] })
  const servers: Record<string, Server> = {
    [WITHOUT]: await open({ without: true }),
    SQLite: await open({}),
    ...(postgresUrl === undefined ? {} : { PostgreSQL: await open({ databaseUrl: postgresUrl }) }),
  }
  try {
    for (const server of Object.values(servers)) await warm(load, server, setup, SETTLED_TOKENS)
    const runs = Object.entries(servers).map(([name, server]) => [name, () => closedRound(load, server, seconds)])
    return await interleaved(setup, Object.fromEntries(runs) as Record<string, () => Promise<Round>>)
  } finally {
    await Promise.all([load.stop(), ...Object.values(servers).map((server) => server.stop())])
  }
}

function outcome(measured: Record<string, Round[]>): Outcome {
  const cpu = (name: string) => (measured[name] ?? []).map(({ cpuUs }) => cpuUs)
  const ratio = (name: string) => median(ratios(cpu(name), cpu(WITHOUT)))
  const names = Object.keys(measured)
  const engines = names.filter((name) => name !== WITHOUT)
  return {
    title: 'Cost of the record',
    about:
      'CPU of the service for each token with the record divided by the same without it; the CPU of a PostgreSQL server, which may be another machine, is not in it.',
    goals: engines.map((name) => atMost(`CPU per token with the record in ${name} ÷ without it`, ratio(name), GOAL)),
    tables: [
      {
        title: 'By where the record is kept',
        head: [
          'record',
          'CPU per token, µs',
          'of that the main thread',
          'and the thread of the record',
          '÷ without',
          'tokens a second',
          'p50 ms',
          'p99 ms',
        ],
        rows: names.map((name) => {
          const of = (pick: (round: Round) => number) => median((measured[name] ?? []).map(pick))
          return [
            name,
            of(({ cpuUs }) => cpuUs),
            of(({ threadsUs }) => threadsUs.main),
            of(({ threadsUs }) => threadsUs.record),
            ratio(name),
            of(({ perSecond }) => perSecond),
            of(({ p50Ms }) => p50Ms),
            of(({ p99Ms }) => p99Ms),
          ]
        }),
      },
    ],
    charts: [
      {
        title: 'CPU of a token by where the record is kept',
        unit: 'µs',
        bars: names.map((name) => ({ label: name, value: median(cpu(name)) })),
        goal: median(cpu(WITHOUT)) * GOAL,
      },
    ],
    rounds: Object.fromEntries(names.map((name) => [name, cpu(name)])),
  }
}
