import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Calm } from './calm.ts'
import { barChart, type Chart } from './chart.ts'
import { report } from './report.ts'

export type Table = { title: string; head: readonly string[]; rows: readonly (readonly (string | number)[])[] }

/** What was to be reached, and what was. */
export type Goal = { what: string; goal: string; measured: number; unit: string; met: boolean }

/** What a benchmark found. */
export type Outcome = {
  title: string
  /** How it was measured, in sentences. */
  about: string
  tables: readonly Table[]
  goals: readonly Goal[]
  charts: readonly Chart[]
  /** What the medians are made of: a value for each round. */
  rounds: Readonly<Record<string, readonly number[]>>
}

/** Where something was measured: figures of two places are not to be compared. */
type Place = { machine: string; node: string; openssl: string }

export type Result = Outcome & Place & { measuredAt: string; calm: Pick<Calm, 'rounds' | 'disturbed'> }

export type Results = Readonly<Record<string, Result>>

/** @param measured the lower the better */
export const atMost = (what: string, measured: number, limit: number, unit = ''): Goal => ({
  what,
  goal: `at most ${limit}`,
  measured,
  unit,
  met: measured <= limit,
})

/** @param measured the higher the better */
export const atLeast = (what: string, measured: number, limit: number, unit = ''): Goal => ({
  what,
  goal: `at least ${limit}`,
  measured,
  unit,
  met: measured >= limit,
})

function placeHere(): Place {
  const memoryGib = Math.round(totalmem() / 2 ** 30)
  const model = cpus()[0]?.model.trim() ?? 'unknown'
  return {
    machine: `${availableParallelism()} × ${model} (${arch()}), ${memoryGib} GiB, ${type()} ${release().split('-')[0]}`,
    node: process.versions.node,
    openssl: process.versions.openssl,
  }
}

const FOLDER = new URL('results/', import.meta.url)
const FILE = new URL('latest.json', FOLDER)

/** The last result of each benchmark. */
export const readResults = (): Results => (existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Results) : {})

/** Puts a result in the place of the one before of that name, and makes report and charts anew. @returns where they are */
export function keepResult(name: string, outcome: Outcome, { rounds, disturbed }: Calm): string {
  const before = readResults()
  const result: Result = {
    measuredAt: new Date().toISOString().slice(0, 16),
    ...placeHere(),
    calm: { rounds, disturbed },
    ...outcome,
  }
  const names = [...new Set([...Object.keys(before), name])].toSorted()
  const results = Object.fromEntries(names.map((each) => [each, each === name ? result : before[each]])) as Results
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(FILE, `${JSON.stringify(results, rounded, 1)}\n`)
  writeFileSync(new URL('latest.md', FOLDER), report(readResults()))
  outcome.charts.forEach((chart, index) => writeFileSync(new URL(chartFile(name, index), FOLDER), barChart(chart)))
  return fileURLToPath(FOLDER)
}

/** The file of a benchmark's chart. */
export const chartFile = (name: string, index: number): string => `${name}${index === 0 ? '' : `-${index + 1}`}.svg`

/** Five digits are more than any figure is good for. */
const rounded = (_: string, value: unknown): unknown =>
  typeof value === 'number' ? Number(value.toPrecision(5)) : value
