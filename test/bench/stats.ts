import type { Setup } from './bench.ts'

/** @param share from 0 to 1; @returns NaN for no values */
export const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low = Number.NaN, high = Number.NaN] = [
    sorted[Math.ceil(sorted.length / 2) - 1],
    sorted[Math.floor(sorted.length / 2)],
  ]
  return (low + high) / 2
}

/** Each value divided by the one of the other series in the same round. */
export const ratios = (values: readonly number[], by: readonly number[]): number[] =>
  values.map((value, round) => value / (by[round] ?? Number.NaN))

/** Runs rounds of A B A B …, so that what changes on the machine changes for both. @returns the outcomes, by name */
export async function interleaved<T>(
  { rounds, calm }: Pick<Setup, 'rounds' | 'calm'>,
  runs: Readonly<Record<string, () => Promise<T>>>,
): Promise<Record<string, T[]>> {
  const outcomes: Record<string, T[]> = Object.fromEntries(Object.keys(runs).map((name) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, run] of Object.entries(runs)) {
      outcomes[name]?.push(await calm.round(run))
    }
  }
  return outcomes
}
