import { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import { connectionStringOf } from '../engines/postgres-url.ts'

/** The PostgreSQL channel that carries the ids of changes. */
const CHANNEL = 'consultation'

/** How long closing the connection may take before the socket is destroyed, in milliseconds. */
const CLOSE_TIMEOUT_MS = 500

/**
 * A connection that sends notifications to the other connections and receives theirs. Call its methods one at a time.
 * They throw once the connection is lost.
 */
export type PostgresListener = {
  connect(): Promise<void>
  /** Sends ids to all other connections. */
  notify(ids: readonly string[]): Promise<void>
  /** Checks the connection. Throws if the server does not answer in time. */
  probe(): Promise<void>
  /** Closes the connection, within 500 ms. Never throws. */
  close(): Promise<void>
  /** Destroys the connection at once. A call in progress throws. */
  destroy(): void
}

/**
 * Creates a listener that is not connected yet.
 * @param url `postgres://…`
 * @param timeoutMs the time limit for connecting and for each statement, in milliseconds
 * @param onNotification receives each id that another connection sends
 * @param onLost called when the connection is lost, once or twice
 */
export function createPostgresListener(
  url: string,
  timeoutMs: number,
  onNotification: (id: string) => void,
  onLost: () => void,
): PostgresListener {
  // A socket of our own can be destroyed at any time, even while the server hangs.
  const socket = new Socket()
  const client = new pg.Client({
    connectionString: connectionStringOf(url),
    stream: () => socket,
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    // The client needs a limit too, because a server that hangs does not apply its own.
    query_timeout: timeoutMs,
  })
  let ownPid: number | undefined
  client.on('notification', ({ processId, payload = '' }) => {
    if (processId !== ownPid) onNotification(payload)
  })
  // Without a handler, an error would end the process. The next statement throws in any case.
  client.on('error', onLost)
  client.on('end', onLost)
  return {
    async connect() {
      await client.connect()
      await client.query(`listen ${CHANNEL}`)
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
      ownPid = rows[0]?.pid
    },
    notify: async (ids) =>
      void (await client.query('select pg_notify($1, id) from unnest($2::text[]) as id', [CHANNEL, ids])),
    probe: async () => void (await client.query('select 1')),
    async close() {
      const ended = client.end().catch(() => undefined)
      await Promise.race([ended, setTimeout(CLOSE_TIMEOUT_MS, undefined, { ref: false })])
      socket.destroy()
    },
    destroy: () => void socket.destroy(),
  }
}
