import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, describe, expect, it } from 'vitest'
import type { AuditEntry } from '../../../src/contract/audit/audit-entry.ts'
import { linkEntry } from '../../../src/rules/audit/chain.ts'
import { verifyAudit } from '../../../src/service/audit/verify.ts'
import { createCheckpointTaker } from '../../../src/service/audit/checkpoint.ts'
import { openCheckpoints } from '../../../src/store/audit/checkpoints.ts'
import { retainAudit } from '../../../src/service/audit/retain.ts'
import { openLedger } from '../../../src/store/audit/ledger.ts'
import { openReader } from '../../../src/store/audit/reader.ts'
import { openKeyRegister } from '../../../src/store/key-register.ts'
import { NO_EVENTS } from '../../../src/service/events.ts'
import { openRetention } from '../../../src/store/audit/retention.ts'
import type { Database } from '../../../src/store/database/schema.ts'
import { closeEngines, ENGINES, tamper } from '../engines/engines.ts'

const entry = (time: number): AuditEntry => ({
  time,
  requestId: `r${time}`,
  caller: 'c\u00e9\u{1f9d1}',
  action: 'token.issue',
  outcome: 'issued',
  room: 'room',
  kid: time % 2 === 0 ? 'even' : 'odd',
  lifetimeSeconds: 60,
})
/** Signs by a mark that only whoever has the key could set; the real signature is tried over the whole service. */
const KEYS = {
  signStatement: async (typ: string, statement: object) =>
    [{ typ }, statement].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.') + '.signed',
  verify: async (jws: string) =>
    jws.endsWith('.signed')
      ? ('valid' as const)
      : jws.endsWith('.lost')
        ? ('unknown-key' as const)
        : ('invalid' as const),
}
const partsOf = (db: Database) => ({
  reader: openReader(db),
  checkpoints: openCheckpoints(db),
  retention: openRetention(db),
  ledger: ledgerOf(db, 'retention'),
  pause: () => Promise.resolve(),
  keys: KEYS,
  clock: () => 7,
})
/** Keeps entries from this time on, whoever wrote them. */
const startsAt = (time: number) => ({ entries: time, anonymous: time })
const CLEAN = { chains: 0, entries: 0, stubs: 0, checkpoints: 0, unverifiable: 0, findings: [] }
const verify = (db: Database) => verifyAudit(partsOf(db))
const ledgerOf = (db: Database, name = 'w', chain: string = randomUUID()) =>
  openLedger(db, { name, chain }, linkEntry, NO_EVENTS)

/** A record of two chains of one writer, three and two entries long. */
async function twoChains(db: Database) {
  const first = ledgerOf(db, 'w', 'one')
  for (const time of [1, 2, 3]) await first.append(entry(time))
  const second = ledgerOf(db, 'w', 'two')
  for (const time of [4, 5]) await second.append(entry(time))
  return verify(db)
}
const named = (findings: readonly { what: string; chain: string; sequence: number }[]) =>
  findings.map(({ what, chain, sequence }) => `${what} ${chain}:${sequence}`)

afterAll(closeEngines)

describe.each(ENGINES)('the record on $name', ({ there, open }) => {
  it.skipIf(!there)('keeps entries in order and as they were, in one chain for each writer', async () => {
    const db = await open()
    const [one, two] = [ledgerOf(db, 'a', 'one'), ledgerOf(db, 'b', 'two')]
    await Promise.all(Array.from({ length: 300 }, (_, index) => (index % 3 === 0 ? two : one).append(entry(index))))
    const reader = openReader(db)
    const [first, second] = [await reader.readPage('one', 0), await reader.readPage('two', 0)]
    expect([first.length, second.length]).toStrictEqual([200, 100])
    expect(second.map(({ time }) => time)).toStrictEqual(Array.from({ length: 100 }, (_, index) => index * 3))
    const { hash, previousHash, ...kept } = second[0] ?? { hash: '', previousHash: '' }
    expect(kept).toStrictEqual({ ...entry(0), chain: 'two', sequence: 1, writer: 'b' })
    expect([hash, previousHash]).toStrictEqual([expect.stringMatching(/^[0-9a-f]{64}$/), '0'.repeat(64)])
    expect(await verify(db)).toStrictEqual({ ...CLEAN, chains: 2, entries: 300 })
  })

  it.skipIf(!there)('begins a new chain at each start, on the end of the one before', async () => {
    const db = await open()
    expect(await twoChains(db)).toStrictEqual({ ...CLEAN, chains: 2, entries: 5 })
    const reader = openReader(db)
    const last = (await reader.readPage('one', 2))[0]
    expect((await reader.readPage('two', 0))[0]).toMatchObject({
      previousChain: 'one:3',
      previousHash: last?.hash,
      writer: 'w',
    })
    expect(await reader.listChains('')).toStrictEqual(['one', 'two'])
    expect(await reader.listChains('one')).toStrictEqual(['two'])
  })

  it.skipIf(!there)('refuses in the database itself that an entry is changed or removed', async () => {
    const db = await open()
    await twoChains(db)
    for (const statement of [
      "UPDATE audit_entry SET caller = 'x' WHERE time = 1",
      'DELETE FROM audit_entry WHERE time = 1',
    ]) {
      await expect(sql.raw(statement).execute(db)).rejects.toThrow('audit entries are append-only')
    }
    expect((await verify(db)).entries).toBe(5)
  })

  it.skipIf(!there).each([
    ['changed', "UPDATE audit_entry SET caller = 'x' WHERE time = 2", ['changed one:2']],
    ['changed to nothing', 'UPDATE audit_entry SET room = NULL WHERE time = 2', ['changed one:2']],
    ['removed', 'DELETE FROM audit_entry WHERE time = 2', ['removed one:2']],
    ['removed at the beginning', 'DELETE FROM audit_entry WHERE time = 1', ['removed one:1']],
    ['cut off at the end of a chain', 'DELETE FROM audit_entry WHERE time = 3', ['cut-off one:3']],
    ['removed with its whole chain', "DELETE FROM audit_entry WHERE chain = 'one'", ['cut-off one:3']],
    [
      'inserted',
      "INSERT INTO audit_entry (chain, sequence, time, request_id, caller, action, outcome, previous_hash, hash) VALUES ('two', 3, 9, 'r', 'c', 'token.issue', 'issued', 'x', 'y')",
      ['inserted two:3'],
    ],
    [
      'inserted between others',
      "UPDATE audit_entry SET sequence = 4 WHERE chain = 'one' AND sequence = 3; UPDATE audit_entry SET sequence = 3 WHERE chain = 'one' AND sequence = 2; INSERT INTO audit_entry (chain, sequence, time, request_id, caller, action, outcome, previous_hash, hash) VALUES ('one', 2, 2, 'r', 'c', 'token.issue', 'issued', 'x', 'y')",
      ['inserted one:2', 'moved one:3', 'moved one:4', 'cut-off one:3'],
    ],
    [
      'swapped with another',
      "UPDATE audit_entry SET sequence = 9 WHERE chain = 'one' AND sequence = 1; UPDATE audit_entry SET sequence = 1 WHERE chain = 'one' AND sequence = 2; UPDATE audit_entry SET sequence = 2 WHERE chain = 'one' AND sequence = 9",
      ['moved one:1', 'moved one:2'],
    ],
  ])('names an entry that was %s', async (_what, statement, expected) => {
    const db = await open()
    await twoChains(db)
    await tamper(db, statement)
    expect(named((await verify(db)).findings)).toStrictEqual(expected)
  })

  it.skipIf(!there)('signs the ends of chains that grew, and nothing when none did', async () => {
    const db = await open()
    await twoChains(db)
    const take = createCheckpointTaker(partsOf(db))
    await take()
    await take()
    await ledgerOf(db, 'w', 'three').append(entry(6))
    await take()
    const pages = await openCheckpoints(db).readPage(0)
    const said = pages.map(
      ({ jws }) =>
        JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()) as {
          heads: { chain: string; sequence: number }[]
        },
    )
    expect(said.map(({ heads }) => heads.map(({ chain, sequence }) => `${chain}:${sequence}`))).toStrictEqual([
      ['one:3', 'two:2'],
      ['three:1'],
    ])
    expect(await verify(db)).toMatchObject({ checkpoints: 2, unverifiable: 0, findings: [] })
  })

  it.skipIf(!there).each([
    [
      'the end of the newest chain cut off',
      "DELETE FROM audit_entry WHERE chain = 'two' AND sequence = 2",
      ['cut-off two:2'],
    ],
    ['the newest chain gone', "DELETE FROM audit_entry WHERE chain = 'two'", ['cut-off two:2']],
    ['all gone', 'DELETE FROM audit_entry', ['cut-off one:3', 'cut-off two:2']],
    ['a checkpoint gone', 'DELETE FROM audit_checkpoint WHERE number = 1', ['removed checkpoints:1']],
    [
      'a checkpoint forged',
      "UPDATE audit_checkpoint SET jws = 'e30.e30.forged' WHERE number = 1",
      ['changed checkpoints:1'],
    ],
  ])('by its checkpoints finds %s', async (_what, statement, expected) => {
    const db = await open()
    await twoChains(db)
    const take = createCheckpointTaker(partsOf(db))
    await take()
    if (statement.includes('audit_checkpoint')) {
      await ledgerOf(db, 'v', 'three').append(entry(6))
      await take()
    }
    await tamper(db, statement)
    expect(named((await verify(db)).findings)).toStrictEqual(expected)
  })

  it.skipIf(!there)('removes what is too old from the old end alone, and still verifies', async () => {
    const db = await open()
    await twoChains(db)
    const take = createCheckpointTaker(partsOf(db))
    await take()
    const parts = partsOf(db)
    expect(await retainAudit(parts, startsAt(3), { requestId: 'r', caller: '-' })).toStrictEqual({
      entries: 2,
      checkpoints: 0,
    })
    expect((await parts.reader.readPage('one', 0)).map(({ sequence }) => sequence)).toStrictEqual([3])
    expect(await verify(db)).toStrictEqual({ ...CLEAN, chains: 3, entries: 4, stubs: 1, checkpoints: 1 })
    expect((await parts.reader.search({ equal: { action: 'audit.retain' }, limit: 9 })).length).toBe(1)
    // All of the first chain goes: the second one names its end still, and the checkpoint vouches for it.
    expect(await retainAudit(parts, startsAt(5), { requestId: 'r', caller: '-' })).toStrictEqual({
      entries: 2,
      checkpoints: 0,
    })
    expect(await verify(db)).toMatchObject({ entries: 3, stubs: 2, findings: [] })
    expect(await retainAudit(parts, startsAt(5), { requestId: 'r', caller: '-' })).toStrictEqual({
      entries: 0,
      checkpoints: 0,
    })
  })

  it.skipIf(!there)(
    'removes anonymous entries earlier, also of a chain whose first entry is removed already',
    async () => {
      const db = await open()
      const anonymous = ledgerOf(db, 'w/anonymous', 'failures')
      for (const time of [1, 2, 3, 4]) await anonymous.append(entry(time))
      await ledgerOf(db, 'w', 'one').append(entry(1))
      const parts = partsOf(db)
      const retain = (time: number) =>
        retainAudit(parts, { entries: 0, anonymous: time }, { requestId: 'r', caller: '-' })
      expect((await retain(3)).entries).toBe(2)
      expect((await retain(4)).entries).toBe(1)
      expect((await parts.reader.readPage('failures', 0)).map(({ sequence }) => sequence)).toStrictEqual([4])
      expect(await parts.reader.readPage('one', 0)).toHaveLength(1)
      expect(await verify(db)).toMatchObject({ stubs: 1, findings: [] })
    },
  )

  it.skipIf(!there)('goes on from a chain that was removed whole, in the same chain and in the next one', async () => {
    const db = await open()
    const ledger = ledgerOf(db, 'w', 'one')
    for (const time of [1, 2]) await ledger.append(entry(time))
    const parts = partsOf(db)
    await retainAudit(parts, startsAt(5), { requestId: 'r', caller: '-' })
    await ledger.append(entry(6))
    expect(await retainAudit(parts, startsAt(7), { requestId: 'r', caller: '-' })).toStrictEqual({
      entries: 1,
      checkpoints: 0,
    })
    await ledgerOf(db, 'w', 'two').append(entry(8))
    expect((await parts.reader.readPage('two', 0))[0]).toMatchObject({ previousChain: 'one:3', writer: 'w' })
    expect(await verify(db)).toMatchObject({ findings: [] })
  })

  it.skipIf(!there)(
    'keeps what follows a younger entry, whatever the clock said, and goes on where it was stopped',
    async () => {
      const db = await open()
      const ledger = ledgerOf(db, 'w', 'one')
      for (const time of [1, 1, 9, 1]) await ledger.append(entry(time))
      const parts = partsOf(db)
      const stopped = retainAudit({ ...parts, pause: () => Promise.reject(new Error('stopped')) }, startsAt(5), {
        requestId: 'r',
        caller: '-',
      })
      await expect(stopped).rejects.toThrow('stopped')
      await retainAudit(parts, startsAt(5), { requestId: 'r', caller: '-' })
      expect((await parts.reader.readPage('one', 0)).map(({ sequence }) => sequence)).toStrictEqual([3, 4])
      expect(await verify(db)).toMatchObject({ findings: [] })
    },
  )

  it.skipIf(!there)('removes old checkpoints too, and still verifies', async () => {
    const db = await open()
    await twoChains(db)
    const parts = partsOf(db)
    await createCheckpointTaker(parts)()
    await ledgerOf(db, 'w', 'three').append(entry(20))
    await createCheckpointTaker({ ...parts, clock: () => 20 })()
    expect(await retainAudit(parts, startsAt(10), { requestId: 'r', caller: '-' })).toStrictEqual({
      entries: 5,
      checkpoints: 1,
    })
    expect(await verify(db)).toMatchObject({ checkpoints: 1, findings: [] })
    await tamper(db, 'DELETE FROM audit_checkpoint WHERE number = 2')
    await ledgerOf(db, 'w', 'four').append(entry(30))
    await createCheckpointTaker({ ...parts, clock: () => 30 })()
    expect(await verify(db)).toMatchObject({ findings: [] })
  })

  it.skipIf(!there).each([
    ['an entry more than the stub stands for', "DELETE FROM audit_entry WHERE chain = 'one'", ['cut-off one:3']],
    ['the stub gone', 'DELETE FROM audit_stub', ['removed one:1']],
    ['the stub forged', "UPDATE audit_stub SET jws = 'e30.e30.forged'", ['changed one:0', 'removed one:1']],
    ['the stub of a key that is not here', "UPDATE audit_stub SET jws = 'e30.e30.lost'", ['removed one:1']],
  ])('after a removal finds %s', async (_what, statement, expected) => {
    const db = await open()
    await twoChains(db)
    await retainAudit(partsOf(db), startsAt(3), { requestId: 'r', caller: '-' })
    await tamper(db, statement)
    expect(named((await verify(db)).findings).toSorted()).toStrictEqual(expected)
  })

  it.skipIf(!there)('lets nothing go that no stub stands for, and no stub', async () => {
    const db = await open()
    await twoChains(db)
    await retainAudit(partsOf(db), startsAt(2), { requestId: 'r', caller: '-' })
    for (const statement of [
      "DELETE FROM audit_entry WHERE chain = 'one' AND sequence = 2",
      "DELETE FROM audit_entry WHERE chain = 'two'",
      'DELETE FROM audit_stub',
      'UPDATE audit_stub SET sequence = 9',
      'DELETE FROM audit_checkpoint',
    ]) {
      if (statement.includes('checkpoint')) await createCheckpointTaker(partsOf(db))()
      await expect(sql.raw(statement).execute(db)).rejects.toThrow('audit entries are append-only')
    }
  })

  it.skipIf(!there)('jumps from chain to chain, a hundred at a time', async () => {
    const db = await open()
    const ids = Array.from({ length: 120 }, (_, index) => `c${String(index).padStart(3, '0')}`)
    for (const id of ids) await ledgerOf(db, 'w', id).append(entry(1))
    const { listChains: chains, listHeads: heads } = openReader(db)
    expect(await chains('')).toStrictEqual(ids.slice(0, 100))
    expect(await chains('c099')).toStrictEqual(ids.slice(100))
    expect(await chains('c119')).toStrictEqual([])
    await ledgerOf(db, 'w', 'c003').append(entry(50))
    expect((await heads(50)).map(({ chain, sequence }) => [chain, sequence])).toStrictEqual([['c003', 2]])
  })

  it.skipIf(!there)('knows the keys, and when what each signed is dead', async () => {
    const db = await open()
    const register = openKeyRegister(db)
    const key = {
      kid: 'even',
      fingerprint: 'f',
      state: 'active',
      firstSeenAt: 1,
      changedAt: 1_795_424_400_000,
    } as const
    await register.save([key])
    await register.save([{ ...key, state: 'retired', changedAt: 3 }])
    expect(await register.list()).toStrictEqual([{ ...key, state: 'retired', changedAt: 3 }])
    await ledgerOf(db).append(entry(1000))
    await ledgerOf(db).append({ ...entry(2000), lifetimeSeconds: 10 })
    expect(await register.findSigningTimes('even')).toStrictEqual({ lastAt: 2000, deadAt: 61_000 })
    expect(await register.findSigningTimes('nobody')).toBeUndefined()
  })

  it.skipIf(!there)('is ready when it can be written, over and over', async () => {
    const ledger = ledgerOf(await open())
    await ledger.probe()
    await expect(Promise.all([ledger.probe(), ledger.probe()])).resolves.toHaveLength(2)
  })
})
