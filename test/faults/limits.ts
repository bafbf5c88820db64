import { expect } from 'vitest'
import { TokenServiceError } from '../../src/client/client.ts'
import { type Instance, PER_ROOM } from './fleet.ts'
import { askOnce, nextRequest } from './load.ts'
import { pause } from './machine.ts'

/** On a machine that has more to do, Redis may now and then answer too late; such an attempt shows nothing. */
const ATTEMPTS = 10

/**
 * Asks for one room, of every instance, more often than is allowed.
 * @param limits how many instances count for themselves; 1 where they share, or where there is one alone
 */
export async function expectLimitsHold(instances: readonly Instance[], limits = 1): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const before = instances.map(countsAlone)
    const { granted, refilled } = await askTooOften(instances)
    await pause(100)
    const wereShared = instances.map(countsAlone).join() === before.join() && !before.join().includes('unavailable')
    const most = wereShared ? limits : instances.length + 1
    expect(granted).toBeGreaterThanOrEqual(PER_ROOM)
    expect(granted).toBeLessThanOrEqual(Math.floor(most * (PER_ROOM + refilled)))
    if (wereShared || limits > 1) return
    expect(attempt).toBeLessThan(ATTEMPTS)
    await pause(1000)
  }
}

/** @returns how many tokens were granted, and how many the buckets gained meanwhile */
async function askTooOften(instances: readonly Instance[]): Promise<{ granted: number; refilled: number }> {
  const request = nextRequest()
  const began = performance.now()
  let granted = 0
  for (let round = 0; round < 3 * PER_ROOM; round += 1) {
    for (const instance of instances) {
      const answer = await askOnce(instance, request)
      if (!(answer instanceof TokenServiceError)) granted += 1
      else expect(answer.code).toBe('rate-limited')
    }
  }
  return { granted, refilled: ((performance.now() - began) / 60_000) * PER_ROOM }
}

/** Whether Redis is available by the log of an instance, and how often that changed. */
function countsAlone({ running }: Instance): string {
  const said = [...running.output().matchAll(/Redis is (unavailable|available)/g)].map(([, word]) => word)
  return `${said.at(-1) ?? 'available'} ${said.length}`
}
