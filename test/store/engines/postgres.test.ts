import pg from 'pg'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { AuditEntry } from '../../../src/contract/audit/audit-entry.ts'
import { linkEntry } from '../../../src/rules/audit/chain.ts'
import { verifyAudit } from '../../../src/service/audit/verify.ts'
import { openStore, type Store } from '../../../src/store/open.ts'
import { NO_EVENTS } from '../../../src/service/events.ts'
import { DOCTOR, startService, startServiceProcess, tempDir, testEnv, CLINIC, UNLIMITED, writersOf } from '../../kit.ts'
import { createClient } from '../../../src/client/client.ts'
import { addressOf } from '../../support/process.ts'
import { wireTo } from '../../support/wire.ts'
import { newPostgres } from './engines.ts'

const THERE = process.env['TEST_DATABASE_URL'] !== undefined
const skipped = THERE ? '' : ' (skipped: no TEST_DATABASE_URL)'
const entry = (time: number): AuditEntry => ({
  time,
  requestId: 'r',
  caller: 'c',
  action: 'token.issue',
  outcome: 'issued',
})

/** Whether the record is as it was written; the signatures of checkpoints are tried elsewhere. */
const verify = (store: Store) => verifyAudit({ ...store, keys: { verify: async () => 'valid' } })

async function open(url: string, name = 'w'): Promise<Store> {
  const store = await openStore(
    url,
    writersOf(name, `${name}-${Math.floor(performance.now() * 1000)}`),
    linkEntry,
    NO_EVENTS,
  )
  onTestFinished(() => store.close())
  return store
}

/** A store in a new database, over a wire that can be cut. */
async function openThroughWire() {
  const url = new URL(await newPostgres())
  const wire = await wireTo(url.href)
  url.port = new URL(wire.url).port
  return { store: await open(url.href), wire }
}

/** Waits until an entry is kept; fails where none is within ten seconds. */
async function keepsAgain({ ledger }: Store) {
  await expect
    .poll(
      () =>
        ledger.append(entry(3)).then(
          () => 'kept',
          () => 'lost',
        ),
      { timeout: 60_000 },
    )
    .toBe('kept')
}

describe.skipIf(!THERE)(`PostgreSQL${skipped}`, () => {
  it('is brought up to date by replicas that start together', async () => {
    const url = await newPostgres()
    const stores = await Promise.all(['a', 'b', 'c', 'd'].map((name) => open(url, name)))
    await Promise.all(stores.map((store, index) => store.ledger.append(entry(index))))
    expect(await verify(stores[0] as Store)).toMatchObject({ chains: 4, entries: 4, findings: [] })
  })

  it('cut off: record-unavailable within three seconds, and back by itself with nothing lost', async () => {
    const { store, wire } = await openThroughWire()
    await store.ledger.append(entry(1))
    wire.set('cut')
    await expect(store.ledger.append(entry(2))).rejects.toMatchObject({ code: 'record-unavailable' })
    await expect(store.ledger.probe()).rejects.toMatchObject({ code: 'record-unavailable' })
    wire.set('open')
    await keepsAgain(store)
    const { findings } = await verify(store)
    expect(findings).toStrictEqual([])
  })

  it('hanging: record-unavailable within three seconds, and back by itself', async () => {
    const { store, wire } = await openThroughWire()
    await store.ledger.append(entry(1))
    wire.set('hanging')
    await expect(store.ledger.append(entry(2))).rejects.toMatchObject({ code: 'record-unavailable' })
    wire.set('open')
    // A connection that hung may break only now.
    await keepsAgain(store)
    expect((await verify(store)).findings).toStrictEqual([])
  })

  it('its connections killed under load: what was answered is kept, and the chain holds', async () => {
    const url = await newPostgres()
    const store = await open(url)
    const kept: number[] = []
    let index = 0
    const state = { over: false }
    const writing = Array.from({ length: 20 }, async () => {
      while (!state.over) {
        const mine = (index += 1)
        await store.ledger.append(entry(mine)).then(
          () => kept.push(mine),
          () => undefined,
        )
      }
    })
    const admin = new pg.Client({ connectionString: process.env['TEST_DATABASE_URL'] })
    await admin.connect()
    for (let round = 0; round < 5; round += 1) {
      const written = kept.length
      await vi.waitFor(() => expect(kept.length).toBeGreaterThan(written + 20), 60_000)
      await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
        new URL(url).pathname.slice(1),
      ])
    }
    await admin.end()
    state.over = true
    await Promise.all(writing)
    // The last of the killed connections may be found out only now.
    const [chain = ''] = await vi.waitFor(() => store.reader.listChains(''), 60_000)
    const times = new Set<number>()
    for (let after = 0; ;) {
      const page = await store.reader.readPage(chain, after)
      for (const { time } of page) times.add(time)
      if (page.length === 0) break
      after = page.at(-1)?.sequence ?? 0
    }
    expect(kept.length).toBeGreaterThan(100)
    expect(kept.filter((time) => !times.has(time))).toStrictEqual([])
    expect((await verify(store)).findings).toStrictEqual([])
  })

  it('serves two replicas: each has its own chain, and both verify', async () => {
    const DATABASE_URL = await newPostgres()
    const replicas = await Promise.all(
      ['one', 'two'].map((AUDIT_WRITER) => startService({ ...UNLIMITED, DATABASE_URL, AUDIT_WRITER })),
    )
    await Promise.all(Array.from({ length: 60 }, async (_, index) => replicas[index % 2]?.client.issueToken(DOCTOR)))
    const store = await open(DATABASE_URL, 'auditor')
    const { chains, entries, findings } = await verify(store)
    expect([chains, findings]).toStrictEqual([2, []])
    expect(entries).toBeGreaterThanOrEqual(63)
  })

  it('kill -9 while issuing: every token that was answered has its entry', async () => {
    const DATABASE_URL = await newPostgres()
    const dir = tempDir()
    const answered: string[] = []
    for (let round = 0; round < 2; round += 1) {
      const running = startServiceProcess(dir, { ...testEnv(dir), ...UNLIMITED, DATABASE_URL, PORT: '0' })
      const client = createClient({ baseUrl: await addressOf(running), credential: CLINIC.apiKey })
      const state = { alive: true }
      const asking = Array.from({ length: 16 }, async () => {
        while (state.alive)
          await client.issueToken(DOCTOR).then(
            ({ token }) => answered.push(token),
            () => (state.alive = false),
          )
      })
      const before = answered.length
      while (answered.length < before + 40 && state.alive) await new Promise((resolve) => setTimeout(resolve, 5))
      running.child.kill('SIGKILL')
      await Promise.all(asking)
    }
    const store = await open(DATABASE_URL, 'auditor')
    const { chains, entries, findings } = await verify(store)
    expect([chains, findings]).toStrictEqual([2, []])
    expect(entries).toBeGreaterThanOrEqual(answered.length)
    expect(answered.length).toBeGreaterThanOrEqual(80)
  })

  it('with two replicas: no entry of one waits for the other, and both chains verify', async () => {
    const url = await newPostgres()
    const [one, two] = [await open(url, 'one'), await open(url, 'two')]
    await Promise.all([one.ledger.append(entry(1)), two.ledger.append(entry(2))])
    // A replica that hangs in the middle of its transaction, with an entry in it.
    const hanging = new pg.Client({ connectionString: url })
    await hanging.connect()
    await hanging.query('BEGIN')
    await hanging.query(
      "INSERT INTO audit_entry (chain, sequence, time, request_id, caller, action, outcome, previous_hash, hash) VALUES ('hanging', 1, 1, 'r', 'c', 'token.issue', 'issued', 'x', 'y')",
    )
    await Promise.all([3, 5, 7].map((time) => one.ledger.append(entry(time))))
    await Promise.all([4, 6, 8].map((time) => two.ledger.append(entry(time))))
    await hanging.query('ROLLBACK')
    await hanging.end()
    expect(await verify(one)).toMatchObject({ chains: 2, entries: 8, findings: [] })
  })

  it('that is not there at the start is told by name, without the password', async () => {
    const dir = tempDir()
    const running = startServiceProcess(dir, { ...testEnv(dir), DATABASE_URL: 'postgres://u:hidden@127.0.0.1:9/x' })
    expect(await running.ended).toBe(1)
    expect(running.output()).toMatch(/DATABASE_URL: the database cannot be opened \(.*ECONNREFUSED.*\)/)
    expect(running.output()).not.toContain('hidden')
  })
})
