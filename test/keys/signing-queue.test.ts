import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type QueueBounds, createSigningQueue } from '../../src/keys/signing-queue.ts'

/** Creates a queue whose clock and whose signatures the test controls. */
function startQueue(bounds: Partial<QueueBounds> = {}, signatureMs = 10) {
  const time = { ms: 0 }
  const signed: [number, number][] = []
  const queue = createSigningQueue({ maxRunning: 2, maxWaitMs: 50, ...bounds }, () => time.ms, {
    onSignature: (signingMs, waitedMs) => signed.push([signingMs, waitedMs]),
  })
  queue.calibrate(signatureMs)
  const resolvers: (() => void)[] = []
  const started: number[] = []
  const outcomes: string[] = []
  let count = 0
  const submit = (options = {}) => {
    const id = (count += 1)
    const task = () => {
      started.push(id)
      return new Promise<void>((resolve) => resolvers.push(resolve))
    }
    void queue.run(task, options).then(
      () => outcomes.push(`${id} signed`),
      (error: { code?: string }) => outcomes.push(`${id} ${error.code ?? 'failed'}`),
    )
  }
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  return {
    queue,
    time,
    signed,
    started,
    outcomes,
    submit,
    settle,
    /** Advances the clock and then resolvers the signature that started first. */
    async end(afterMs = 0) {
      time.ms += afterMs
      resolvers.shift()?.()
      await settle()
    },
  }
}

describe('the signing queue', () => {
  it('runs a limited number at a time, in order of arrival, and reports how long each one waited and took', async () => {
    const { submit, end, started, signed, outcomes, settle, queue } = startQueue()
    for (let i = 0; i < 4; i += 1) submit()
    await settle()
    expect([started, queue.running(), queue.waiting()]).toStrictEqual([[1, 2], 2, 2])
    for (const after of [5, 5, 5, 5]) await end(after)
    expect(started).toStrictEqual([1, 2, 3, 4])
    expect(outcomes).toStrictEqual(['1 signed', '2 signed', '3 signed', '4 signed'])
    expect(signed).toStrictEqual([
      [5, 0],
      [10, 0],
      [10, 5],
      [10, 10],
    ])
    expect([queue.running(), queue.waiting(), queue.expectedWaitMs()]).toStrictEqual([0, 0, 0])
  })

  it('refuses a signature that would wait longer than the bound, and no other', async () => {
    // A signature takes 10 ms on one core, so five waiting signatures take 50 ms.
    const { submit, settle, outcomes, queue, end } = startQueue()
    for (let i = 0; i < 2; i += 1) submit()
    expect([queue.full(), queue.expectedWaitMs(), queue.signatureMs()]).toStrictEqual([false, 10, 10])
    for (let i = 0; i < 5; i += 1) submit()
    expect([queue.full(), queue.waiting(), queue.expectedWaitMs()]).toStrictEqual([true, 5, 60])
    submit()
    await settle()
    expect(outcomes).toStrictEqual(['8 overloaded'])
    await end(10)
    expect(queue.full()).toBe(false)
    submit()
    await settle()
    expect(queue.waiting()).toBe(5)
  })

  it('measures the time between two releases only under load', async () => {
    const { submit, end, settle, queue, time } = startQueue({ maxWaitMs: 1_000_000 })
    for (let i = 0; i < 503; i += 1) submit()
    await settle()
    for (let i = 0; i < 500; i += 1) await end(2)
    // One signature waits; a new one would wait for that one and for a slot.
    expect(queue.waiting()).toBe(1)
    expect(queue.expectedWaitMs()).toBeCloseTo(4, 1)
    // The idle time before the next load does not count.
    for (let i = 0; i < 3; i += 1) await end(0)
    time.ms += 100_000
    for (let i = 0; i < 3; i += 1) submit()
    await settle()
    expect(queue.expectedWaitMs()).toBeLessThan(8)
  })

  it('is hardly affected by a pause of the machine', async () => {
    const { submit, end, settle, queue } = startQueue({ maxWaitMs: 1_000_000 })
    for (let i = 0; i < 10; i += 1) submit()
    await settle()
    await end(10)
    await end(100_000)
    expect(queue.expectedWaitMs()).toBeLessThan(7 * 10 * 2)
  })

  it('does not sign for a client that has disconnected, and passes its slot to the next one', async () => {
    const { submit, end, settle, started, outcomes } = startQueue()
    const client = { aborted: false }
    for (let i = 0; i < 2; i += 1) submit()
    submit({ isAborted: () => client.aborted })
    submit()
    client.aborted = true
    await settle()
    await end(1)
    await end(1)
    expect(started).toStrictEqual([1, 2, 4])
    expect(outcomes).toStrictEqual(['1 signed', '3 client-aborted', '2 signed'])
  })

  it('evicts disconnected clients before it refuses a signature', async () => {
    const { submit, settle, outcomes, queue } = startQueue()
    for (let i = 0; i < 2; i += 1) submit()
    for (let i = 0; i < 5; i += 1) submit({ isAborted: () => true })
    expect(queue.full()).toBe(true)
    submit()
    await settle()
    expect(outcomes.toSorted()).toStrictEqual([3, 4, 5, 6, 7].map((id) => `${id} client-aborted`))
    expect(queue.waiting()).toBe(1)
  })

  it('never refuses a signature that must run', async () => {
    const { submit, settle, outcomes, queue } = startQueue()
    for (let i = 0; i < 7; i += 1) submit()
    submit({ mustRun: true })
    await settle()
    expect([outcomes, queue.waiting()]).toStrictEqual([[], 6])
  })

  it('never exceeds its limit, never signs twice, and settles every request', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ end: fc.boolean(), aborted: fc.boolean(), mustRun: fc.boolean(), ms: fc.nat(30) }), {
          maxLength: 60,
        }),
        async (steps) => {
          const { submit, end, settle, queue, started, outcomes, time } = startQueue()
          let submitted = 0
          for (const step of steps) {
            time.ms += step.ms
            if (step.end) await end()
            else {
              submitted += 1
              submit({ mustRun: step.mustRun, isAborted: () => step.aborted })
            }
            expect(queue.running()).toBeLessThanOrEqual(2)
            await settle()
          }
          while (queue.running() > 0) await end(1)
          expect(new Set(started).size).toBe(started.length)
          expect(outcomes).toHaveLength(submitted)
          expect(queue.waiting()).toBe(0)
        },
      ),
      { numRuns: 50 },
    )
  })
})
