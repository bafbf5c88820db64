import { type Outcome, type Place, type Result, type Results, chartFile } from './result.ts'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Calm } from './calm.ts'
import { barChart } from './chart.ts'
import { report } from './report.ts'

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

/** Five digits are more than any figure is good for. */
const rounded = (_: string, value: unknown): unknown =>
  typeof value === 'number' ? Number(value.toPrecision(5)) : value
