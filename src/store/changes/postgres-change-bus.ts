import { setImmediate } from 'node:timers/promises'
import { coalesce, createSubscribers, type StoreChangeBus } from './change-bus.ts'
import { ALL_IDS, isChangeId } from './change-ids.ts'
import { createOutbox } from './outbox.ts'
import { type ChangeBusTimings, maintainConnection } from './postgres-connection.ts'

const TIMINGS: ChangeBusTimings = { heartbeatMs: 10_000, timeoutMs: 2000, firstRetryMs: 100, longestRetryMs: 5000 }

/**
 * Opens the change bus of PostgreSQL. It uses LISTEN and NOTIFY on a connection of its own. That connection needs a
 * session, which PgBouncer does not provide in transaction mode. The bus connects at the first `publish` or
 * `subscribe`, and reconnects when the connection is lost. Without a connection, changes are published in this
 * process at once, and to the other instances after the reconnect.
 * @param url `postgres://…`
 * @param onError receives one error when the connection is lost or cannot be established, and the errors that
 *   subscribers throw
 */
export function openPostgresChangeBus(url: string, onError: (error: Error) => void, timings = TIMINGS): StoreChangeBus {
  const subscribers = createSubscribers(onError)
  const outbox = createOutbox()
  const connection = maintainConnection(url, timings, outbox, {
    onNotification(id) {
      if (id === ALL_IDS) subscribers.notifyAll()
      else if (isChangeId(id)) subscribers.notify(id)
    },
    // Notifications that other instances sent before the connection was up are lost.
    onConnect: subscribers.notifyAll,
    onError,
  })
  const add = coalesce((ids) => {
    for (const id of ids) {
      subscribers.notify(id)
      outbox.put(id)
    }
    connection.wakeIfUp()
  })
  return {
    publish(id) {
      connection.start()
      add(id)
    },
    subscribe(id, onChange) {
      connection.start()
      return subscribers.subscribe(id, onChange)
    },
    up: connection.up,
    async close() {
      subscribers.close()
      // By then, `coalesce` has put the last changes into the outbox.
      await setImmediate()
      await connection.close()
    },
  }
}
