import { EVERY, UUID, createOutbox, createPause } from './outbox.ts'
import { setImmediate } from 'node:timers/promises'
import { addJitter } from '../../service/backoff.ts'
import { coalesce, createSubscribers, type StoreChangeBus } from './change-bus.ts'
import { openPostgresListener, type PostgresListener } from './postgres-listener.ts'

/** How a changeBus keeps its connection, in milliseconds. */
type ChangeBusTimings = {
  /** After so long without a word the server is asked whether it is there. */
  heartbeatMs: number
  /** How long it may take to answer. */
  timeoutMs: number
  /** How long to wait after a failure; twice as long after each further one, up to the longest. */
  firstRetryMs: number
  longestRetryMs: number
}

const TIMINGS: ChangeBusTimings = { heartbeatMs: 10_000, timeoutMs: 2000, firstRetryMs: 100, longestRetryMs: 5000 }

/** What a connection brings. */
type ListenerEvents = {
  heard(id: string): void
  /** It is there, for the first time or again. */
  connected(): void
  /** It was lost or could not be had; told once until it has proved itself again. */
  failed(error: Error): void
}

type Session = {
  outbox: ReturnType<typeof createOutbox>
  pause: ReturnType<typeof createPause>
  state: { closed: boolean; up: boolean; failures: number }
  heartbeatMs: number
}

/** Sends what is there to send, and makes sure that the server is; returns once all is sent and the changeBus closed. */
async function runSession(line: PostgresListener, { outbox, pause, state, heartbeatMs }: Session): Promise<void> {
  for (;;) {
    if (!outbox.isEmpty()) await outbox.send(line.notify)
    else if (state.closed) return
    else {
      await pause.sleep(heartbeatMs)
      if (!outbox.isEmpty() || state.closed) continue
      await line.probe()
    }
    // Only now: a server may take connections and drop each at once.
    state.failures = 0
  }
}

/** Connects, and sends changes until the connection ends. */
async function serve(listener: PostgresListener, session: Session, events: ListenerEvents): Promise<void> {
  try {
    await listener.connect()
    session.state.up = true
    events.connected()
    await runSession(listener, session)
  } finally {
    session.state.up = false
    await listener.end()
  }
}

/** Maintains the connection, reconnecting after failures, and sends the changes of the outbox over it. */
function maintainListener(
  url: string,
  times: ChangeBusTimings,
  outbox: ReturnType<typeof createOutbox>,
  events: ListenerEvents,
) {
  const pause = createPause()
  const state = { closed: false, up: false, failures: 0 }
  let line: PostgresListener | undefined
  let kept: Promise<void> | undefined
  const wakeIfUp = () => {
    // A pause after a failure is not cut short.
    if (state.up) pause.wake()
  }

  async function keepUp(): Promise<void> {
    while (!state.closed) {
      line = openPostgresListener(url, times.timeoutMs, events.heard, wakeIfUp)
      try {
        await serve(line, { outbox, pause, state, heartbeatMs: times.heartbeatMs }, events)
      } catch (error) {
        state.failures += 1
        if (state.failures === 1 && !state.closed) events.failed(error as Error)
        if (!state.closed) await pause.sleep(retryMs(times, state.failures))
      }
    }
  }

  return {
    wakeIfUp,
    up: () => kept === undefined || state.up,
    start() {
      if (!state.closed) kept ??= keepUp()
    },
    async close() {
      state.closed = true
      // A first connection may still carry what rang before; for any other nobody waits.
      if (!state.up && (outbox.isEmpty() || state.failures > 0)) line?.cut()
      pause.wake()
      await kept
    },
  }
}

const retryMs = ({ firstRetryMs, longestRetryMs }: ChangeBusTimings, failures: number): number =>
  addJitter(Math.min(longestRetryMs, firstRetryMs * 2 ** (failures - 1)))

/**
 * The changeBus of PostgreSQL: LISTEN and NOTIFY on a connection of its own, which needs a session (PgBouncer's transaction mode
 * gives none). It connects once somebody rings or listens, and again whenever the connection is lost; until then rings reach
 * this process, and the others afterwards.
 * @param onError is told once when the connection is lost or cannot be had, and what listeners throw
 */
export function openPostgresChangeBus(url: string, onError: (error: Error) => void, times = TIMINGS): StoreChangeBus {
  const listeners = createSubscribers(onError)
  const outbox = createOutbox()
  const line = maintainListener(url, times, outbox, {
    heard(id) {
      if (id === EVERY) listeners.tellAll()
      else if (UUID.test(id)) listeners.tell(id)
    },
    // What rang before is not told again by anybody.
    connected: listeners.tellAll,
    failed: onError,
  })
  const gathered = coalesce((ids) => {
    for (const id of ids) {
      listeners.tell(id)
      outbox.put(id)
    }
    line.wakeIfUp()
  })
  return {
    publish(id) {
      line.start()
      gathered(id)
    },
    subscribe(id, heard) {
      line.start()
      return listeners.subscribe(id, heard)
    },
    up: line.up,
    async close() {
      listeners.end()
      // What rang a moment ago is in the outbox then.
      await setImmediate()
      await line.close()
    },
  }
}
