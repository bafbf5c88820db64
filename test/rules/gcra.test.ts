import fc from 'fast-check'
import { expect, it } from 'vitest'
import { takeFromBucket } from '../../src/rules/gcra.ts'

/** Takes at these times; @returns the times of those that were allowed */
function allowedAt(perMinute: number, times: readonly number[]): number[] {
  let full: number | undefined
  return times.filter((now) => {
    const outcome = takeFromBucket(full, perMinute, now)
    full = outcome.fullAtMs
    return outcome.allowed
  })
}

const perMinute = fc.integer({ min: 1, max: 5000 })
const gaps = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 400 })
const timesOf = (steps: readonly number[]) => steps.map((_, index) => steps.slice(0, index + 1).reduce((a, b) => a + b))

it('in any span of time no more are let through than the limit and what the span refills', () => {
  fc.assert(
    fc.property(perMinute, gaps, (limit, steps) => {
      const allowed = allowedAt(limit, timesOf(steps))
      for (const [index, first] of allowed.entries()) {
        for (const [further, last] of allowed.slice(index).entries()) {
          expect(further + 1).toBeLessThanOrEqual(limit + ((last - first) * limit) / 60_000 + 1e-6)
        }
      }
    }),
    { numRuns: 50 },
  )
})

it.each([1, 2, 3, 7, 10, 30, 60, 100, 600, 1200, 999_983])(
  '%i a minute: exactly so many at once, and after a minute so many again',
  (limit) => {
    const burst = Math.min(limit, 20_000)
    expect(allowedAt(limit, Array<number>(burst + 5).fill(0))).toHaveLength(Math.min(limit, burst + 5))
    expect(allowedAt(limit, [...Array<number>(burst).fill(0), ...Array<number>(burst + 5).fill(60_000)])).toHaveLength(
      Math.min(2 * limit, 2 * burst + 5),
    )
  },
)

it('never refuses whoever keeps to the pace', () => {
  fc.assert(
    fc.property(perMinute, fc.integer({ min: 1, max: 300 }), (limit, count) => {
      const times = Array.from({ length: count }, (_, index) => (index * 60_000) / limit)
      expect(allowedAt(limit, times)).toHaveLength(count)
    }),
  )
})

it('tells only what is true: so many remain at once, and after retryAfterMs one is let through', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), gaps, (limit, steps) => {
      let full: number | undefined
      for (const now of timesOf(steps)) {
        const outcome = takeFromBucket(full, limit, now)
        full = outcome.fullAtMs
        const more = Array.from({ length: outcome.remaining }, () => {
          const next = takeFromBucket(full, limit, now)
          return next.allowed
        })
        expect(more.every(Boolean)).toBe(true)
        if (!outcome.allowed) expect(takeFromBucket(full, limit, now + outcome.retryAfterMs + 0.001).allowed).toBe(true)
        expect(outcome.resetMs).toBeLessThanOrEqual(60_000.001)
      }
    }),
    { numRuns: 50 },
  )
})

it('a clock that was set back an hour locks nobody out for longer than a minute', () => {
  const { fullAtMs } = takeFromBucket(undefined, 10, 3_600_000)
  const outcome = takeFromBucket(fullAtMs, 10, 0)
  expect(outcome.allowed ? 0 : outcome.retryAfterMs).toBeLessThanOrEqual(60_000)
})
