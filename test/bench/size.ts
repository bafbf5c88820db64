import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Setup } from './bench.ts'
import { aloneMs, closedRound, type Load, startLoad, warm } from './load.ts'
import { newDir } from './own.ts'
import { atMost, type Goal, type Outcome, type Table } from './result.ts'
import { type OwnDatabase, ownDatabase } from './postgres.ts'
import { hasRoom, makeConsultations, makeRecord, makeRecordInPostgres } from './rows.ts'
import { type Server, startService } from './service.ts'
import { interleaved, median } from './stats.ts'

const CALLERS = [1, 100, 10_000]
const MILLION = 1_000_000
const ROWS = [0, MILLION, 10 * MILLION]
const CONSULTATIONS = [1000, MILLION]
const ROWS_IN_POSTGRES = [0, MILLION]

/** What counts as flat: within what rounds differ by anyway. */
const FLAT = 1.05

type Seen = { cpuUs: number; restMs: number }

/** Whether a token costs more where the policy or the record is larger. */
export async function size(setup: Setup): Promise<Outcome> {
  const dir = newDir()
  const load = startLoad()
  try {
    const callers = await sizes(setup, load, 'callers', CALLERS, (count) => startService({ ...setup, callers: count }))
    const wanted = setup.quick ? ROWS.slice(0, 2) : ROWS
    const rows = wanted.filter((count) => hasRoom(dir, count))
    const paths = rows.map((count) => join(dir, `${count}.db`))
    for (const [index, path] of paths.entries()) await makeRecord(path, rows[index] ?? 0)
    const entries = await sizes(setup, load, 'entries in SQLite', rows, (_, index) =>
      startService({ ...setup, databaseUrl: `sqlite:${paths[index]}` }),
    )
    const visits = CONSULTATIONS.filter((count) => hasRoom(dir, count))
    const visitPaths = visits.map((count) => join(dir, `${count}-consultations.db`))
    for (const [index, path] of visitPaths.entries()) await makeConsultations(path, visits[index] ?? 0)
    const consultations = await sizes(setup, load, 'consultations', visits, (_, index) =>
      startService({ ...setup, heldToConsultations: true, databaseUrl: `sqlite:${visitPaths[index]}` }),
    )
    const postgres = await sizesInPostgres(setup, load)
    const left = ROWS.filter((count) => !rows.includes(count)).map(
      (count) => `${count.toLocaleString('en')} entries in SQLite`,
    )
    if (postgres === undefined) left.push('PostgreSQL, for there is none here')
    return outcome([callers, entries, consultations, ...(postgres === undefined ? [] : [postgres])], left)
  } finally {
    await load.stop()
    rmSync(dir, { recursive: true })
  }
}

/** The same on PostgreSQL, each size in a database of its own. @returns undefined where there is no PostgreSQL */
async function sizesInPostgres(setup: Setup, load: Load): Promise<Sizes | undefined> {
  const databases: OwnDatabase[] = []
  try {
    for (const count of ROWS_IN_POSTGRES) {
      const database = await ownDatabase()
      if (database === undefined) return undefined
      databases.push(database)
      await makeRecordInPostgres(database.url, count)
    }
    return await sizes(setup, load, 'entries in PostgreSQL', ROWS_IN_POSTGRES, (_, index) =>
      startService({ ...setup, databaseUrl: databases[index]?.url ?? '' }),
    )
  } finally {
    await Promise.all(databases.map((database) => database.drop()))
  }
}

type Sizes = { of: string; sizes: readonly number[]; seen: Record<string, Seen[]> }

async function sizes(
  setup: Setup,
  load: Load,
  of: string,
  counts: readonly number[],
  open: (count: number, index: number) => Promise<Server>,
): Promise<Sizes> {
  const servers: Record<string, Server> = {}
  try {
    for (const [index, count] of counts.entries()) servers[nameOf(count, of)] = await open(count, index)
    for (const server of Object.values(servers)) await warm(load, server, setup)
    const runs = Object.entries(servers).map(([name, server]) => [
      name,
      async (): Promise<Seen> => ({
        cpuUs: (await closedRound(load, server, setup.seconds)).cpuUs,
        restMs: await aloneMs(load, server, setup.seconds / 2),
      }),
    ])
    const seen = await interleaved(setup, Object.fromEntries(runs) as Record<string, () => Promise<Seen>>)
    return { of, sizes: counts, seen }
  } finally {
    await Promise.all(Object.values(servers).map((server) => server.stop()))
  }
}

const nameOf = (count: number, of: string): string => `${count.toLocaleString('en')} ${of}`

function outcome(all: readonly Sizes[], left: readonly string[]): Outcome {
  const lines = all.flatMap(({ of, sizes: counts, seen }) => counts.map((count) => [nameOf(count, of), seen] as const))
  const cpu = ([name, seen]: (typeof lines)[number]) => median((seen[name] ?? []).map(({ cpuUs }) => cpuUs))
  return {
    title: 'Cost by size',
    about: `CPU of the service per token in a closed loop, and time of a token asked for alone, by how many callers the policy knows, how many entries the record holds, and how many consultations there are (the caller is held to them).${left.length === 0 ? '' : ` Left out this time: ${left.join(' and ')}.`}`,
    goals: all.flatMap(goalsOf),
    tables: all.map(tableOf),
    charts: [
      {
        title: 'CPU of a token by size of policy, record and consultations',
        unit: 'µs',
        bars: lines.map((line) => ({ label: line[0], value: cpu(line) })),
      },
    ],
    rounds: Object.fromEntries(lines.map(([name, seen]) => [name, (seen[name] ?? []).map(({ cpuUs }) => cpuUs)])),
  }
}

const middle = ({ of, seen }: Sizes, count: number, pick: (seen: Seen) => number): number =>
  median((seen[nameOf(count, of)] ?? []).map(pick))

function tableOf(group: Sizes): Table {
  const [smallest = 0] = group.sizes
  const cpuUs = ({ cpuUs: us }: Seen) => us
  return {
    title: `By number of ${group.of}`,
    head: [group.of, 'CPU per token, µs', '÷ the smallest', 'p50 of one alone, ms'],
    rows: group.sizes.map((count) => [
      count.toLocaleString('en'),
      middle(group, count, cpuUs),
      middle(group, count, cpuUs) / middle(group, smallest, cpuUs),
      middle(group, count, ({ restMs }) => restMs),
    ]),
  }
}

function goalsOf(group: Sizes): Goal[] {
  const [smallest = 0] = group.sizes
  const largest = group.sizes.at(-1) ?? smallest
  const ratio = (pick: (seen: Seen) => number) => middle(group, largest, pick) / middle(group, smallest, pick)
  const name = `${nameOf(largest, group.of)} ÷ ${nameOf(smallest, group.of)}`
  return [
    atMost(
      `CPU per token, ${name}`,
      ratio(({ cpuUs }) => cpuUs),
      FLAT,
    ),
  ]
}
