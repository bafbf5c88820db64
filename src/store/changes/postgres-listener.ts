import { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'

/** The channel of all that is told about consultations. */
const CHANNEL = 'consultation'

/** How long a server may take to say goodbye, in milliseconds. */
const CLOSE_TIMEOUT_MS = 500

/** A connection that hears what other connections tell. Its methods throw once it is lost, and are called one at a time. */
export type PostgresListener = {
  connect(): Promise<void>
  /** Tells ids to all other connections. */
  notify(ids: readonly string[]): Promise<void>
  /** Throws where the server does not answer in time. */
  probe(): Promise<void>
  /** Says goodbye; never throws, and takes half a second at most. */
  end(): Promise<void>
  /** Ends at once; whatever is under way throws. */
  cut(): void
}

/**
 * @param timeoutMs how long the server may take for anything
 * @param heard is told what other connections tell
 * @param lost is told when the connection is lost
 */
export function openPostgresListener(
  url: string,
  timeoutMs: number,
  heard: (id: string) => void,
  lost: () => void,
): PostgresListener {
  // Of our own making, so that it can be ended whatever the server does.
  const socket = new Socket()
  const client = new pg.Client({
    connectionString: url,
    stream: () => socket,
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    // The server's limit cannot help where the server hangs.
    query_timeout: timeoutMs,
  })
  let ownPid: number | undefined
  client.on('notification', ({ processId, payload = '' }) => {
    if (processId !== ownPid) heard(payload)
  })
  // Without a listener it would end the process; what is asked next throws.
  client.on('error', lost)
  client.on('end', lost)
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
    async end() {
      const ended = client.end().catch(() => undefined)
      await Promise.race([ended, setTimeout(CLOSE_TIMEOUT_MS, undefined, { ref: false })])
      socket.destroy()
    },
    cut: () => void socket.destroy(),
  }
}
