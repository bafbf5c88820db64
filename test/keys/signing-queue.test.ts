import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type QueueBounds, createSigningQueue } from '../../src/keys/signing-queue.ts'

/** A queue whose signatures end when they are told to, at a time that is told too. */
function start(bounds: Partial<QueueBounds> = {}, signatureMs = 10) {
  const time = { ms: 0 }
  const signed: [number, number][] = []
  const queue = createSigningQueue({ maxRunning: 2, maxWaitMs: 50, ...bounds }, () => time.ms, {
    onSignature: (signingMs, waitedMs) => signed.push([signingMs, waitedMs]),
  })
  queue.calibrate(signatureMs)
  const ends: (() => void)[] = []
  const begun: number[] = []
  const outcomes: string[] = []
  let count = 0
  const ask = (waiter = {}) => {
    const id = (count += 1)
    const task = () => {
      begun.push(id)
      return new Promise<void>((resolve) => ends.push(resolve))
    }
    void queue.run(task, waiter).then(
      () => outcomes.push(`${id} signed`),
      (error: { code?: string }) => outcomes.push(`${id} ${error.code ?? 'failed'}`),
    )
  }
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  return {
    queue,
    time,
    signed,
    begun,
    outcomes,
    ask,
    settle,
    /** Ends the signature that began first, some time later. */
    async end(afterMs = 0) {
      time.ms += afterMs
      ends.shift()?.()
      await settle()
    },
  }
}

describe('the queue of signatures', () => {
  it('hands over so many at once, in the order they came, and tells how long each waited and took', async () => {
    const { ask, end, begun, signed, outcomes, settle, queue } = start()
    for (let i = 0; i < 4; i += 1) ask()
    await settle()
    expect([begun, queue.running(), queue.waiting()]).toStrictEqual([[1, 2], 2, 2])
    for (const after of [5, 5, 5, 5]) await end(after)
    expect(begun).toStrictEqual([1, 2, 3, 4])
    expect(outcomes).toStrictEqual(['1 signed', '2 signed', '3 signed', '4 signed'])
    expect(signed).toStrictEqual([
      [5, 0],
      [10, 0],
      [10, 5],
      [10, 10],
    ])
    expect([queue.running(), queue.waiting(), queue.expectedWaitMs()]).toStrictEqual([0, 0, 0])
  })

  it('refuses whoever would wait longer than the bound, and nobody else', async () => {
    // Ten milliseconds a signature on one core: five that wait are fifty milliseconds.
    const { ask, settle, outcomes, queue, end } = start()
    for (let i = 0; i < 2; i += 1) ask()
    expect([queue.full(), queue.expectedWaitMs(), queue.signatureMs()]).toStrictEqual([false, 10, 10])
    for (let i = 0; i < 5; i += 1) ask()
    expect([queue.full(), queue.waiting(), queue.expectedWaitMs()]).toStrictEqual([true, 5, 60])
    ask()
    await settle()
    expect(outcomes).toStrictEqual(['8 overloaded'])
    await end(10)
    expect(queue.full()).toBe(false)
    ask()
    await settle()
    expect(queue.waiting()).toBe(5)
  })

  it('learns how fast places become free, under load alone', async () => {
    const { ask, end, settle, queue, time } = start({ maxWaitMs: 1_000_000 })
    for (let i = 0; i < 503; i += 1) ask()
    await settle()
    for (let i = 0; i < 500; i += 1) await end(2)
    // One waits, and who comes now would wait for it and for a place.
    expect(queue.waiting()).toBe(1)
    expect(queue.expectedWaitMs()).toBeCloseTo(4, 1)
    // The gap until the next load says nothing of how fast signatures are.
    for (let i = 0; i < 3; i += 1) await end(0)
    time.ms += 100_000
    for (let i = 0; i < 3; i += 1) ask()
    await settle()
    expect(queue.expectedWaitMs()).toBeLessThan(8)
  })

  it('takes a pause of the machine for no more than that', async () => {
    const { ask, end, settle, queue } = start({ maxWaitMs: 1_000_000 })
    for (let i = 0; i < 10; i += 1) ask()
    await settle()
    await end(10)
    await end(100_000)
    expect(queue.expectedWaitMs()).toBeLessThan(7 * 10 * 2)
  })

  it('signs nothing for a client that went away, and gives its place to others', async () => {
    const { ask, end, settle, begun, outcomes } = start()
    const client = { gone: false }
    for (let i = 0; i < 2; i += 1) ask()
    ask({ isAborted: () => client.gone })
    ask()
    client.gone = true
    await settle()
    await end(1)
    await end(1)
    expect(begun).toStrictEqual([1, 2, 4])
    expect(outcomes).toStrictEqual(['1 signed', '3 client-aborted', '2 signed'])
  })

  it('refuses nobody for a client that went away', async () => {
    const { ask, settle, outcomes, queue } = start()
    for (let i = 0; i < 2; i += 1) ask()
    for (let i = 0; i < 5; i += 1) ask({ isAborted: () => true })
    expect(queue.full()).toBe(true)
    ask()
    await settle()
    expect(outcomes.toSorted()).toStrictEqual([3, 4, 5, 6, 7].map((id) => `${id} client-aborted`))
    expect(queue.waiting()).toBe(1)
  })

  it('lets the patient wait however long', async () => {
    const { ask, settle, outcomes, queue } = start()
    for (let i = 0; i < 7; i += 1) ask()
    ask({ mustRun: true })
    await settle()
    expect([outcomes, queue.waiting()]).toStrictEqual([[], 6])
  })

  it('never has more under way than it may, never signs twice, and forgets nobody', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ end: fc.boolean(), gone: fc.boolean(), patient: fc.boolean(), ms: fc.nat(30) }), {
          maxLength: 60,
        }),
        async (steps) => {
          const { ask, end, settle, queue, begun, outcomes, time } = start()
          let asked = 0
          for (const step of steps) {
            time.ms += step.ms
            if (step.end) await end()
            else {
              asked += 1
              ask({ mustRun: step.patient, isAborted: () => step.gone })
            }
            expect(queue.running()).toBeLessThanOrEqual(2)
            await settle()
          }
          while (queue.running() > 0) await end(1)
          expect(new Set(begun).size).toBe(begun.length)
          expect(outcomes).toHaveLength(asked)
          expect(queue.waiting()).toBe(0)
        },
      ),
      { numRuns: 50 },
    )
  })
})
