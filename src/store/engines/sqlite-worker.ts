import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { parentPort } from 'node:worker_threads'

/** What the thread is asked, and what it answers, in the order that it was asked. */
export type Ask =
  | { open: string; readOnly: boolean; timeoutMs: number }
  | { sql: string; parameters: readonly unknown[] }
  | { close: true }
export type Answer = { rows: unknown[]; changes: number } | { error: string }

// The database in a thread of its own: reaching the disk takes milliseconds, for which the event loop must not stand still.

let file: DatabaseSync | undefined
const prepared = new Map<string, StatementSync>()

function answer(ask: Ask): Answer {
  if ('open' in ask) {
    file = new DatabaseSync(ask.open, { timeout: ask.timeoutMs, readOnly: ask.readOnly })
    if (!ask.readOnly) file.exec(PRAGMAS)
    return { rows: [], changes: 0 }
  }
  if (file === undefined) throw new Error('the database is not open')
  if ('close' in ask) {
    file.close()
    return { rows: [], changes: 0 }
  }
  const statement = prepared.get(ask.sql) ?? file.prepare(ask.sql)
  prepared.set(ask.sql, statement)
  const values = ask.parameters as SQLInputValue[]
  if (statement.columns().length > 0) return { rows: statement.all(...values), changes: 0 }
  return { rows: [], changes: Number(statement.run(...values).changes) }
}

/** What is committed is on disk. A commit dirties few pages and many commits the same ones, so they are moved home seldom. */
const PRAGMAS = `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000`

parentPort?.on('message', (ask: Ask) => {
  let answered: Answer
  try {
    answered = answer(ask)
  } catch (error) {
    answered = { error: error instanceof Error ? error.message : String(error) }
  }
  parentPort?.postMessage(answered)
})
