import type { Calm } from './calm.ts'
import type { Chart } from './chart.ts'

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
export type Place = { machine: string; node: string; openssl: string }

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

/** The file of a benchmark's chart. */
export const chartFile = (name: string, index: number): string => `${name}${index === 0 ? '' : `-${index + 1}`}.svg`
