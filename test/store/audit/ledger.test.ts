import { randomUUID } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { chmodSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { AuditEntry } from '../../../src/contract/audit/audit-entry.ts'
import { linkEntry } from '../../../src/rules/audit/chain.ts'
import { openLedger } from '../../../src/store/audit/ledger.ts'
import { NO_EVENTS } from '../../../src/service/events.ts'
import { openSqlite } from '../../../src/store/engines/sqlite.ts'
import { brokenAt, readEntries, tempDir } from '../../kit.ts'

const entry = (index: number): AuditEntry => ({
  time: index,
  requestId: `r${index}`,
  caller: 'c',
  action: 'token.issue',
  outcome: 'issued',
})

async function open(path = join(tempDir(), 'folder', 'service.db')) {
  const db = await openSqlite(path)
  onTestFinished(() => db.destroy())
  return { path, db, ledger: openLedger(db, { name: 'w', chain: randomUUID() }, linkEntry, NO_EVENTS) }
}

describe('the ledger', () => {
  it('has an entry on disk when append resolves', async () => {
    const { path, ledger } = await open()
    await ledger.append(entry(1))
    expect(readEntries(path)).toMatchObject([{ sequence: 1, time: 1, request_id: 'r1' }])
  })

  it('keeps many at once in the order they came, as one chain, in few transactions', async () => {
    const { path, db, ledger } = await open()
    const wal = () => statSync(`${path}-wal`).size
    const before = wal()
    await Promise.all(Array.from({ length: 1000 }, (_, index) => ledger.append(entry(index))))
    const entries = readEntries(path)
    expect(entries.map(({ time }) => time)).toStrictEqual(Array.from({ length: 1000 }, (_, index) => index))
    expect(brokenAt(entries)).toBeUndefined()
    // A transaction a row would have written each page of the log anew for every row: at least 4 MB.
    expect(wal() - before).toBeLessThan(2_000_000)
    expect(db).toBeDefined()
  })

  it('lets entries wait for each other longer while whoever asks waits for something else anyway', async () => {
    const db = await openSqlite(join(tempDir(), 'service.db'))
    onTestFinished(() => db.destroy())
    const commits: number[] = []
    const events = { ...NO_EVENTS, onCommit: (_ms: number, entries: number) => commits.push(entries) }
    const ledger = openLedger(db, { name: 'w', chain: randomUUID() }, linkEntry, events, () => 1000)
    // A machine that stands still for long lets two entries go alone, but not every time.
    for (let index = 0; index < 60 && !commits.includes(2); index += 3) {
      const first = ledger.append(entry(index)).then(() => ledger.append(entry(index + 1)))
      await new Promise((resolve) => setTimeout(resolve, 25))
      await Promise.all([first, ledger.append(entry(index + 2))])
    }
    expect(commits).toContain(2)
  })

  it('goes on with its chain when it is opened again', async () => {
    const first = await open()
    await first.ledger.append(entry(1))
    await first.db.destroy()
    const second = await open(first.path)
    await second.ledger.append(entry(2))
    expect(brokenAt(readEntries(first.path))).toBeUndefined()
    expect(readEntries(first.path)).toHaveLength(2)
  })

  it('keeps a chain each when two processes write', async () => {
    const one = await open()
    const two = await open(one.path)
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? one : two).ledger.append(entry(index))),
    )
    expect(readEntries(one.path)).toHaveLength(100)
    expect(brokenAt(readEntries(one.path))).toBeUndefined()
  })

  it('throws record-unavailable while somebody holds the file, and is back by itself', async () => {
    const { path, ledger } = await open()
    await ledger.append(entry(1))
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    await expect(ledger.append(entry(2))).rejects.toMatchObject({ name: 'ServiceFault', code: 'record-unavailable' })
    await expect(ledger.probe()).rejects.toMatchObject({ code: 'record-unavailable' })
    other.exec('ROLLBACK')
    other.close()
    await ledger.probe()
    await ledger.append(entry(3))
    expect(readEntries(path).map(({ time }) => time)).toStrictEqual([1, 3])
    expect(brokenAt(readEntries(path))).toBeUndefined()
  })

  it('refuses all that wait together when a commit fails: nobody waits for one failure after the other', async () => {
    const { path, ledger } = await open()
    await ledger.append(entry(1))
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    const outcomes = await Promise.allSettled(Array.from({ length: 500 }, (_, index) => ledger.append(entry(index))))
    other.exec('ROLLBACK')
    other.close()
    const reasons = outcomes.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as unknown) : 'kept'))
    expect(reasons).toHaveLength(500)
    expect(new Set(reasons).size).toBe(1)
    expect(reasons[0]).toMatchObject({ code: 'record-unavailable' })
    await ledger.append(entry(2))
    expect(brokenAt(readEntries(path))).toBeUndefined()
  })

  it('throws record-unavailable when the disk is full, loses no entry that it kept, and is back by itself', async () => {
    const { path, db, ledger } = await open()
    await ledger.append(entry(1))
    const { sql } = await import('kysely')
    await sql`pragma max_page_count = 24`.execute(db)
    const kept: number[] = []
    let fault: unknown
    for (let index = 2; index < 2000; index += 1) {
      try {
        await ledger.append(entry(index))
        kept.push(index)
      } catch (thrown) {
        fault = thrown
        break
      }
    }
    expect(fault).toMatchObject({
      code: 'record-unavailable',
      cause: { message: expect.stringContaining('full') as string },
    })
    // What a probe writes would still fit.
    await expect(ledger.probe()).rejects.toMatchObject({ code: 'record-unavailable' })
    await ledger.probe()
    await sql`pragma max_page_count = 100000`.execute(db)
    await ledger.append(entry(9999))
    expect(readEntries(path).map(({ time }) => time)).toStrictEqual([1, ...kept, 9999])
    expect(brokenAt(readEntries(path))).toBeUndefined()
  })

  it('refuses what comes once ten thousand wait, and keeps those', async () => {
    const { path, ledger } = await open()
    const outcomes = await Promise.allSettled(Array.from({ length: 10_050 }, (_, index) => ledger.append(entry(index))))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10_000)
    expect(readEntries(path)).toHaveLength(10_000)
  })
})

describe('the file', () => {
  it('is written through: WAL, and synchronous FULL', async () => {
    const { db } = await open()
    const { sql } = await import('kysely')
    const mode = await sql<{ journal_mode: string }>`pragma journal_mode`.execute(db)
    const synchronous = await sql<{ synchronous: number }>`pragma synchronous`.execute(db)
    expect([mode.rows[0]?.journal_mode, synchronous.rows[0]?.synchronous]).toStrictEqual(['wal', 2])
  })

  it('lies in a folder that its owner alone may enter', async () => {
    const { path } = await open()
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700)
  })

  it('that is no database is refused', async () => {
    const path = join(tempDir(), 'service.db')
    writeFileSync(path, 'this is no database, and it is long enough to be told from one'.repeat(40))
    await expect(openSqlite(path)).rejects.toThrow('file is not a database')
  })

  it.skipIf(process.getuid?.() !== 0)('that may not be written is refused', async () => {
    const { path, db } = await open()
    await db.destroy()
    chmodSync(path, 0o444)
    chmodSync(join(path, '..'), 0o555)
    chmodSync(join(path, '../..'), 0o755)
    const module = new URL('../../../src/store/engines/sqlite.ts', import.meta.url).href
    const script = `
      const { openSqlite } = await import(${JSON.stringify(module)})
      process.setuid(65534)
      await openSqlite(${JSON.stringify(path)}).catch((error) => process.stdout.write(error.message))`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    expect(stdout).toMatch(/readonly|unable to open/)
  })
})
