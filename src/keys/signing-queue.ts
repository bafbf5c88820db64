import type { QueueEvents } from '../service/events.ts'
import { ServiceFault } from '../service/fault.ts'
import type { SigningLoad } from '../service/keys/ports.ts'

/** Signatures that a core is handed: with one it would be idle while the event loop fetches the next. */
export const SIGNATURES_PER_CORE = 2

/** What a queue is bounded by. */
export type QueueBounds = {
  /** Signatures that are handed to the pool at once. */
  maxRunning: number
  /** Milliseconds that a signature may have to wait for its turn; where it would be more, it is refused at once. */
  maxWaitMs: number
}

/** How a signature waits: not at all once `isAborted` says that nobody wants it any more; however long where it is `patient`. */
export type QueueOptions = { isAborted?: () => boolean; mustRun?: boolean }

/** Runs signatures in the order they came, no more at once than is good, and lets no more wait than will be served in time. */
export type SigningQueue = SigningLoad & {
  /** @throws ServiceFault `overloaded` where it would wait too long, `client-aborted`; and what the task throws */
  run<T>(task: () => Promise<T>, waiter?: QueueOptions): Promise<T>
  /** Takes over what a signature costs one core, in milliseconds, until the queue has measured it under load. */
  calibrate(signatureMs: number): void
}

/** The weight of the newest measurement. */
const WEIGHT = 0.02

/** A gap this many times the usual one was a pause of the machine, and says no more than that. */
const LONGEST_GAP = 10

/**
 * Makes a queue. How long somebody would wait follows from how many wait and how fast places have become free lately.
 * @param nowMs a clock that never goes back
 */
export function createSigningQueue(
  { maxRunning: underWay, maxWaitMs }: QueueBounds,
  nowMs: () => number,
  { onSignature }: QueueEvents = { onSignature: () => undefined },
): SigningQueue {
  const line = createWaitingQueue()
  const pace = createServiceTimeEstimator(nowMs)
  let running = 0

  const expectedWaitMs = () => (running < underWay ? 0 : (line.length() + 1) * pace.gapMs())
  const full = () => expectedWaitMs() > maxWaitMs

  async function acquireSlot({ isAborted, mustRun = false }: QueueOptions): Promise<void> {
    if (running < underWay) {
      running += 1
      return
    }
    // Whoever went away is looked for only where somebody else would be refused for it.
    if (!mustRun && full()) line.sweep()
    if (!mustRun && full()) throw new ServiceFault('overloaded')
    await line.join(isAborted)
  }

  /** The place goes to the next in line without being free in between. */
  function leavePlace(): void {
    const taken = line.letNextGo()
    if (!taken) running -= 1
    pace.freed(taken)
  }

  return {
    async run(task, waiter = {}) {
      const cameAt = nowMs()
      await acquireSlot(waiter)
      const beganAt = nowMs()
      try {
        return await task()
      } finally {
        onSignature(nowMs() - beganAt, beganAt - cameAt)
        leavePlace()
      }
    },
    calibrate: (signatureMs) => pace.calibrate((signatureMs * SIGNATURES_PER_CORE) / underWay),
    full,
    expectedWaitMs,
    signatureMs: () => (pace.gapMs() * underWay) / SIGNATURES_PER_CORE,
    running: () => running,
    waiting: () => line.length(),
  }
}

type WaitingTask = { take: () => void; leave: (fault: ServiceFault) => void; isAborted: () => boolean }

/** Who waits, in the order that they came. */
function createWaitingQueue() {
  let places: WaitingTask[] = []
  return {
    length: () => places.length,
    join: (isAborted: () => boolean = () => false) =>
      new Promise<void>((take, leave) => void places.push({ take, leave, isAborted })),
    /** Sends away who is gone already. */
    sweep(): void {
      const aborted = new Set(places.filter((each) => each.isAborted()))
      places = places.filter((each) => !aborted.has(each))
      for (const { leave } of aborted) leave(new ServiceFault('client-aborted'))
    },
    /** @returns whether there was somebody */
    letNextGo(): boolean {
      for (let next = places.shift(); next !== undefined; next = places.shift()) {
        if (!next.isAborted()) {
          next.take()
          return true
        }
        next.leave(new ServiceFault('client-aborted'))
      }
      return false
    },
  }
}

/** Measures how long it takes from one free place to the next while all are taken. */
function createServiceTimeEstimator(nowMs: () => number) {
  let gapMs = 1
  /** When a place became free last and was taken again at once; undefined while there are free ones. */
  let freedAt: number | undefined
  return {
    gapMs: () => gapMs,
    calibrate: (ms: number) => void (gapMs = ms),
    freed(takenAgain: boolean): void {
      const now = nowMs()
      if (freedAt !== undefined) gapMs += (Math.min(now - freedAt, gapMs * LONGEST_GAP) - gapMs) * WEIGHT
      freedAt = takenAgain ? now : undefined
    },
  }
}
