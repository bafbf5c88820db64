import { addJitter } from '../../service/backoff.ts'
import { createInterruptibleSleep, type InterruptibleSleep } from './interruptible-sleep.ts'
import type { Outbox } from './outbox.ts'
import { createPostgresListener, type PostgresListener } from './postgres-listener.ts'

/** Timings of the connection of a change bus, in milliseconds. */
export type ChangeBusTimings = {
  /** The connection is probed after it was idle for this time. */
  heartbeatMs: number
  /** The time limit for connecting and for each statement. */
  timeoutMs: number
  /** The wait after a failure; it doubles with each further failure, up to `longestRetryMs`. */
  firstRetryMs: number
  longestRetryMs: number
}

/** Events of the connection. */
type ConnectionEvents = {
  onNotification(id: string): void
  /** The connection is established, for the first time or again. */
  onConnect(): void
  /** The connection is lost, or cannot be established. Reported once until a connection has worked again. */
  onError(error: Error): void
}

type Session = {
  outbox: Outbox
  pause: InterruptibleSleep
  state: { closed: boolean; up: boolean; failures: number }
  heartbeatMs: number
}

/**
 * Sends the outbox whenever it has ids, and probes an idle connection. Returns once the change bus is closed and the
 * outbox is empty.
 */
async function runSession(listener: PostgresListener, { outbox, pause, state, heartbeatMs }: Session): Promise<void> {
  for (;;) {
    if (!outbox.isEmpty()) await outbox.send(listener.notify)
    else if (state.closed) return
    else {
      await pause.sleep(heartbeatMs)
      if (!outbox.isEmpty() || state.closed) continue
      await listener.probe()
    }
    // Reset after a successful statement only: a server may accept connections and drop each of them at once.
    state.failures = 0
  }
}

/** Connects, and runs a session until the connection ends. */
async function connectAndRun(listener: PostgresListener, session: Session, events: ConnectionEvents): Promise<void> {
  try {
    await listener.connect()
    session.state.up = true
    events.onConnect()
    await runSession(listener, session)
  } finally {
    session.state.up = false
    await listener.close()
  }
}

/**
 * Maintains a connection: reconnects after failures, and sends the ids of the outbox.
 * @param url `postgres://…`
 */
export function maintainConnection(url: string, timings: ChangeBusTimings, outbox: Outbox, events: ConnectionEvents) {
  const pause = createInterruptibleSleep()
  const state = { closed: false, up: false, failures: 0 }
  let listener: PostgresListener | undefined
  let running: Promise<void> | undefined
  const wakeIfUp = () => {
    // The wait after a failure is not shortened.
    if (state.up) pause.wake()
  }

  async function run(): Promise<void> {
    while (!state.closed) {
      listener = createPostgresListener(url, timings.timeoutMs, events.onNotification, wakeIfUp)
      try {
        await connectAndRun(listener, { outbox, pause, state, heartbeatMs: timings.heartbeatMs }, events)
      } catch (error) {
        state.failures += 1
        if (state.failures === 1 && !state.closed) events.onError(error as Error)
        if (!state.closed) await pause.sleep(retryDelayMs(timings, state.failures))
      }
    }
  }

  return {
    /** Sends new ids now, if the connection is up. */
    wakeIfUp,
    /** @returns whether the connection is up, or was not started yet */
    up: () => running === undefined || state.up,
    /** Starts to connect. A second call does nothing. */
    start() {
      if (!state.closed) running ??= run()
    },
    /**
     * Sends the rest of the outbox if the connection is up or is being established for the first time, then closes
     * it.
     */
    async close() {
      state.closed = true
      // A connection attempt that has nothing to send, or that follows a failure, is given up.
      if (!state.up && (outbox.isEmpty() || state.failures > 0)) listener?.destroy()
      pause.wake()
      await running
    },
  }
}

const retryDelayMs = ({ firstRetryMs, longestRetryMs }: ChangeBusTimings, failures: number): number =>
  addJitter(Math.min(longestRetryMs, firstRetryMs * 2 ** (failures - 1)))
