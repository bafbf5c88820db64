import type { Outcome } from './load.ts'

/** Tells what is seen, and keeps whether all of it was as it should be. */
export type Check = {
  that(sentence: string, holds: boolean | readonly boolean[]): void
  tell(name: string, outcome: Outcome): void
  failures(): number
}

/** @param print takes a line */
export function openCheck(print: (line: string) => void): Check {
  let failures = 0
  return {
    that(sentence, holds) {
      const ok = [holds].flat().every(Boolean)
      if (!ok) failures += 1
      print(`${ok ? 'ok  ' : 'FAIL'}  ${sentence}`)
    },
    tell(name, { requests, ok, retried, failed, others, slowestMs }) {
      const rest = Object.entries(others).map(([kind, count]) => `${count} x ${kind}`)
      print(
        `      ${name}: ${requests} requests, ${ok} ok, ${retried} asked again, ${failed} failed, slowest ${Math.round(slowestMs)} ms` +
          (rest.length === 0 ? '' : `; ${rest.join(', ')}`),
      )
    },
    failures: () => failures,
  }
}
