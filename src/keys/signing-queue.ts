import type { QueueEvents } from '../service/events.ts'
import { ServiceFault } from '../service/fault.ts'
import type { SigningLoad } from '../service/keys/ports.ts'

/**
 * Signatures that the thread pool holds for each core: one runs, and the other starts when it ends, so that the core is
 * not idle until the event loop submits the next one.
 *
 * Measured with a 4096-bit key on two cores and 100 concurrent signatures (medians of alternating runs): 1.04 times the
 * signatures per second of one per core on an idle machine, and 1.18 times on a busy one.
 */
export const SIGNATURES_PER_CORE = 2

/** The bounds of a queue. */
export type QueueBounds = {
  /** The most signatures that the thread pool holds at a time. */
  maxRunning: number
  /** The longest expected wait for a slot, in milliseconds; a signature that would wait longer is refused at once. */
  maxWaitMs: number
}

/** The options of one signature. */
export type QueueOptions = {
  /** Whether the client has disconnected; a signature that waits is then dropped. */
  isAborted?: () => boolean
  /** Whether the signature is never refused, however long it waits; false by default. */
  mustRun?: boolean
}

/** Runs signatures in the order of their arrival, and limits how many run at a time and how long they wait. */
export type SigningQueue = SigningLoad & {
  /**
   * Runs a task when a slot is free.
   * @throws ServiceFault `overloaded` if the expected wait is too long, `client-aborted`; and every error of the task
   */
  run<T>(task: () => Promise<T>, options?: QueueOptions): Promise<T>
  /** Sets the time of one signature on one core, in milliseconds, until the queue has measured it under load. */
  calibrate(signatureMs: number): void
}

/**
 * Creates a queue. The expected wait is the number of waiting signatures times the mean time between two releases of a
 * slot.
 *
 * Measured against handing every signature to the thread pool at once: 4096-bit key, two cores, medians of alternating
 * runs in one process. With 200 concurrent signatures, throughput and latency are the same (1.0 times), but another job
 * of the pool, such as a file read, waits for 2 ms instead of 150 ms. At twice the capacity for four seconds, the 99th
 * percentile of the latency is 0.08 times as high: it stays near `maxWaitMs`, instead of growing as long as the
 * overload lasts. If clients disconnect after one second, 2.0 times as many of them get a signature in time.
 * @param nowMs a monotonic clock, in milliseconds
 */
export function createSigningQueue(
  { maxRunning, maxWaitMs }: QueueBounds,
  nowMs: () => number,
  { onSignature }: QueueEvents = { onSignature: () => undefined },
): SigningQueue {
  const queue = createWaitingQueue()
  const estimator = createServiceTimeEstimator(nowMs)
  let running = 0

  const expectedWaitMs = () => (running < maxRunning ? 0 : (queue.length() + 1) * estimator.intervalMs())
  const full = () => expectedWaitMs() > maxWaitMs

  async function acquireSlot({ isAborted, mustRun = false }: QueueOptions): Promise<void> {
    if (running < maxRunning) {
      running += 1
      return
    }
    // Every waiting task is checked, so this happens only before a refusal, which it may prevent.
    if (!mustRun && full()) queue.evictAborted()
    if (!mustRun && full()) throw new ServiceFault('overloaded')
    await queue.enqueue(isAborted)
  }

  /** Passes the slot to the next waiting task; `running` decreases only if no task waits. */
  function releaseSlot(): void {
    const reused = queue.releaseNext()
    if (!reused) running -= 1
    estimator.recordRelease(reused)
  }

  return {
    async run(task, options = {}) {
      const arrivedAt = nowMs()
      await acquireSlot(options)
      const startedAt = nowMs()
      try {
        return await task()
      } finally {
        onSignature(nowMs() - startedAt, startedAt - arrivedAt)
        releaseSlot()
      }
    },
    calibrate: (signatureMs) => estimator.calibrate((signatureMs * SIGNATURES_PER_CORE) / maxRunning),
    full,
    expectedWaitMs,
    signatureMs: () => (estimator.intervalMs() * maxRunning) / SIGNATURES_PER_CORE,
    running: () => running,
    waiting: () => queue.length(),
  }
}

type WaitingTask = { start: () => void; fail: (fault: ServiceFault) => void; isAborted: () => boolean }

/** Creates the queue of the tasks that wait for a slot: first in, first out. */
function createWaitingQueue() {
  let tasks: WaitingTask[] = []
  return {
    length: () => tasks.length,
    /** Resolves when the task gets a slot. @throws ServiceFault `client-aborted` */
    enqueue: (isAborted: () => boolean = () => false) =>
      new Promise<void>((start, fail) => void tasks.push({ start, fail, isAborted })),
    /** Removes every task whose client has disconnected. */
    evictAborted(): void {
      const aborted = new Set(tasks.filter((task) => task.isAborted()))
      tasks = tasks.filter((task) => !aborted.has(task))
      for (const { fail } of aborted) fail(new ServiceFault('client-aborted'))
    },
    /**
     * Starts the first task whose client is still connected, and drops those before it.
     * @returns whether there was one
     */
    releaseNext(): boolean {
      for (let next = tasks.shift(); next !== undefined; next = tasks.shift()) {
        if (!next.isAborted()) {
          next.start()
          return true
        }
        next.fail(new ServiceFault('client-aborted'))
      }
      return false
    },
  }
}

/** The weight of a new measurement in the moving average. */
const WEIGHT = 0.02

/**
 * An interval counts as at most this many times the average: a longer one is a pause of the machine, not a slow
 * signature.
 */
const MAX_INTERVAL_RATIO = 10

/** Creates the estimator of the time between two releases of a slot while all slots are in use (moving average). */
function createServiceTimeEstimator(nowMs: () => number) {
  let intervalMs = 1
  /** The time of the last release whose slot was reused at once; undefined while a slot is free. */
  let releasedAt: number | undefined
  return {
    intervalMs: () => intervalMs,
    calibrate: (ms: number) => void (intervalMs = ms),
    /** @param reused whether a waiting task got the slot at once */
    recordRelease(reused: boolean): void {
      const now = nowMs()
      if (releasedAt !== undefined) {
        intervalMs += (Math.min(now - releasedAt, intervalMs * MAX_INTERVAL_RATIO) - intervalMs) * WEIGHT
      }
      releasedAt = reused ? now : undefined
    },
  }
}
