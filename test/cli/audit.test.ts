import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { toPublicPem, readPrivateKey } from '../../src/keys/private-key.ts'
import { openRecord } from '../../src/app/open-record.ts'
import { readEntries, tempDir } from '../kit.ts'
import { CLI_MAIN, cliIn, MINT, production } from './cli.ts'

const DAY_MS = 86_400_000

/** Puts an entry into the record that was made so many days ago. */
async function entryOf(env: Record<string, string>, daysAgo: number, chain: string) {
  const record = await openRecord({ DATABASE_URL: env['DATABASE_URL'] ?? '', AUDIT_PSEUDONYM_KEY: undefined }, chain)
  const time = Date.now() - daysAgo * DAY_MS
  await record.ledger.append({ time, requestId: 'r', caller: 'old', action: 'token.issue', outcome: 'issued' })
  await record.close()
}

describe('audit verify', () => {
  it('vouches for a record as it was written, by hashes and by signed checkpoints', async () => {
    const { cli } = production()
    for (let i = 0; i < 3; i += 1) await cli(...MINT)
    const { status, stdout } = await cli('audit', 'verify')
    expect([status, stdout]).toStrictEqual([
      0,
      '10 entries in 3 chains, 3 checkpoints and 0 retention markers (0 of them signed by unknown keys): intact.\n',
    ])
  })

  it('names what was done to it: exit 1', async () => {
    const { dir, env, cli } = production()
    for (let i = 0; i < 2; i += 1) await cli(...MINT)
    const file = new DatabaseSync(join(dir, 'service.db'))
    file.exec(
      "DROP TRIGGER audit_entry_no_update; DROP TRIGGER audit_entry_no_delete; UPDATE audit_entry SET user_id = 'somebody' WHERE action = 'token.issue' AND sequence = 3",
    )
    file.exec('DELETE FROM audit_entry WHERE rowid = (SELECT max(rowid) FROM audit_entry)')
    file.close()
    const { status, stdout } = await cli('audit', 'verify')
    expect(status).toBe(1)
    expect(stdout).toMatch(
      /- entry 3 of chain [0-9a-f-]{36} was changed\.\n- entry 3 of chain [0-9a-f-]{36}, signed by a checkpoint, is missing: the end of the chain was cut off\.\n6 entries in 2 chains, 2 checkpoints and 0 retention markers \(0 of them signed by unknown keys\): NOT intact/,
    )
    const elsewhere = await cliIn(dir, { ...env, KEYS_DIR: '/nowhere' })('audit', 'verify', '--json')
    expect(elsewhere.json()).toMatchObject({ checkpoints: 2, unverifiable: 2, findings: [{ what: 'changed' }] })
  })
})

it('audit export writes the record down as REST does, and records that', async () => {
  const { dir, cli } = production()
  await cli(...MINT)
  const lines = (await cli('audit', 'export', '--action', 'token.issue')).stdout.trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { userId: 'doctor-77', caller: 'cli:operator' },
  ])
  const csv = (await cli('audit', 'export', '--format', 'csv', '--userId', 'doctor-77')).stdout.split('\r\n')
  expect([csv.length, csv[0]?.startsWith('time,chain,sequence,')]).toStrictEqual([3, true])
  expect((await cli('audit', 'export', '--from', 'x')).status).toBe(1)
  expect((await cli('audit', 'export', '--format', 'xml')).status).toBe(2)
  expect(readEntries(join(dir, 'service.db')).filter(({ action }) => action === 'audit.export')).toHaveLength(3)
  expect((await cli('audit', 'verify')).status).toBe(0)
})

describe('audit retain', () => {
  it('shows with --plan what would go, and removes it without; the rest verifies, also by an archive of keys', async () => {
    const { dir, env, keysDir, cli } = production()
    await entryOf(env, 2191, 'one')
    await entryOf(env, 2189, 'two')
    const plan = await cli('audit', 'retain', '--plan')
    expect(plan.stdout).toMatch(/^Entries older than .*:\nchain +entries +last entry\n\S+ +1 +20/)
    expect((await cli('audit', 'verify', '--json')).json()).toMatchObject({ entries: 2, stubs: 0 })
    expect((await cli('audit', 'retain')).stdout).toBe('Removed 1 entries and 0 checkpoints.\n')
    expect((await cli('audit', 'retain', '--plan')).stdout).toContain('No entries.')
    expect(readEntries(join(dir, 'service.db')).filter(({ caller }) => caller === 'old')).toHaveLength(1)
    expect(readEntries(join(dir, 'service.db')).filter(({ action }) => action === 'audit.retain')).toMatchObject([
      { caller: 'cli:operator', outcome: 'done' },
    ])
    // The chain that went was nobody's before, so nothing asks for its stub.
    expect((await cli('audit', 'verify')).status).toBe(0)
    await entryOf(env, 2200, 'one')
    await entryOf(env, 1, 'one')
    await cli('audit', 'retain')
    expect((await cli('audit', 'verify', '--json')).json()).toMatchObject({ stubs: 1, findings: [] })
    // Without the key nobody can tell the removal from any other; an archive of its public half is enough.
    const elsewhere = cliIn(dir, { ...env, KEYS_DIR: '/nowhere' })
    const without = await elsewhere('audit', 'verify', '--json')
    expect([without.status, without.json()]).toMatchObject([
      1,
      { stubs: 1, checkpoints: 2, unverifiable: 3, findings: [{ what: 'cut-off' }] },
    ])
    const archive = tempDir()
    writeFileSync(join(archive, 'one.pub.pem'), toPublicPem(readPrivateKey(join(keysDir, 'one.pem'))))
    const whole = await elsewhere('audit', 'verify', '--keys', archive, '--json')
    expect([whole.status, whole.json()]).toMatchObject([0, { unverifiable: 0, findings: [] }])
  })

  it('keeps everything where the setting says forever', async () => {
    const { dir, env } = production()
    await entryOf(env, 20_000, 'one')
    const cli = cliIn(dir, { ...env, AUDIT_RETENTION_DAYS: '0', AUDIT_ANONYMOUS_RETENTION_DAYS: '0' })
    for (const words of [
      ['audit', 'retain'],
      ['audit', 'retain', '--plan'],
    ])
      expect(await cli(...words)).toMatchObject({ status: 0, stdout: expect.stringContaining('forever') as string })
    expect(readEntries(join(dir, 'service.db'))).toHaveLength(1)
  })
})

describe('audit tail', () => {
  it('shows the newest entries, the last one last, as text or JSON, and records that', async () => {
    const { dir, cli } = production()
    await cli(...MINT)
    const lines = (await cli('audit', 'tail', '-n', '3', '--action', 'token.issue')).stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(
      /^\d{4}-\d\d-\d\dT\S+Z {2}issued {3}token\.issue {2}cli:operator {2}doctor {2}doctor-77 {2}bharattelemed-p1-d2-3 {2}[0-9a-f-]{36}$/,
    )
    const rows = (await cli('audit', 'tail', '-n', '2', '--json')).stdout.trimEnd().split('\n')
    expect(rows.map((row) => (JSON.parse(row) as { action: string }).action)).toStrictEqual([
      'audit.read',
      'audit.read',
    ])
    expect((await cli('audit', 'tail', '--from', 'x')).status).toBe(1)
    expect((await cli('audit', 'tail', '-n', 'x')).status).toBe(2)
    expect(readEntries(join(dir, 'service.db')).filter(({ action }) => action === 'audit.read')).toHaveLength(3)
  })

  it('with -f shows each entry that comes, once', async () => {
    const { dir, env, cli } = production()
    await cli(...MINT)
    const tail = spawn(
      process.execPath,
      [CLI_MAIN, 'audit', 'tail', '-f', '-n', '0', '--action', 'token.issue', '--json'],
      {
        cwd: dir,
        env,
      },
    )
    onTestFinished(() => void tail.kill('SIGKILL'))
    let shown = ''
    const rows = () => shown.split('\n').filter((line) => line !== '')
    const added = new Promise<void>((resolve) => {
      tail.stdout.on('data', (data) => {
        shown += String(data)
        if (rows().length >= 2) resolve()
      })
    })
    // It says nothing before something comes; that it looks stands in the record.
    while (!readEntries(join(dir, 'service.db')).some(({ action }) => action === 'audit.read'))
      await new Promise((resolve) => setTimeout(resolve, 20))
    await cli(...MINT)
    await cli(...MINT)
    await added
    await new Promise((resolve) => setTimeout(resolve, 1200))
    expect(rows()).toHaveLength(2)
    expect(new Set(rows().map((row) => (JSON.parse(row) as { jti: string }).jti)).size).toBe(2)
  })
})

describe('db migrate', () => {
  it('shows with --plan what it would do and does nothing; without, it does', async () => {
    const dir = tempDir()
    const cli = cliIn(dir)
    const plan = await cli('db', 'migrate', '--plan')
    expect(plan.stdout).toMatch(/^-- 001-audit\ncreate table "audit_entry".*;\n/)
    expect(plan.stdout).toContain('-- 005-retention\ncreate table "audit_stub"')
    expect(existsSync(join(dir, 'data'))).toBe(false)
    expect((await cli('db', 'migrate')).stdout).toMatch(/^Migrated:\n- 001-audit\n/)
    for (const words of [
      ['db', 'migrate', '--plan'],
      ['db', 'migrate'],
    ])
      expect((await cli(...words)).stdout).toBe('The tables are up to date.\n')
  })

  it('brings a record of an earlier version up to date, entry by entry as it was', async () => {
    const { dir, cli } = production()
    await cli(...MINT)
    const file = new DatabaseSync(join(dir, 'service.db'))
    file.exec(`DELETE FROM kysely_migration WHERE name >= '004';
      DROP TABLE additive_migration; DROP TABLE revocation; DROP TABLE browser_session; DROP TABLE former_code; DROP TABLE invitation; DROP TABLE participant; DROP TABLE consultation;
      DROP TABLE idempotent_answer; DROP INDEX audit_entry_consultation; DROP INDEX audit_entry_renews;
      ALTER TABLE audit_entry DROP COLUMN client_request_id; ALTER TABLE audit_entry DROP COLUMN undoes; ALTER TABLE audit_entry DROP COLUMN document;
      ALTER TABLE audit_entry DROP COLUMN count; ALTER TABLE key_seen DROP COLUMN published_since;
      ALTER TABLE audit_entry DROP COLUMN consultation; ALTER TABLE audit_entry DROP COLUMN invitation;
      ALTER TABLE audit_entry DROP COLUMN renews;
      ALTER TABLE audit_entry DROP COLUMN trace_id; ALTER TABLE audit_entry DROP COLUMN address; DROP TABLE audit_stub;
      DROP TRIGGER audit_entry_no_delete; DROP TRIGGER audit_checkpoint_no_delete;
      CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry BEGIN SELECT RAISE(ABORT, 'no'); END;
      CREATE TRIGGER audit_checkpoint_no_delete BEFORE DELETE ON audit_checkpoint BEGIN SELECT RAISE(ABORT, 'no'); END`)
    file.close()
    expect((await cli('db', 'migrate')).stdout).toMatch(
      /^Migrated:\n- 004-origin\n- 005-retention\n- 006-writers\n- 007-consultations\n- 008-invitations\n/,
    )
    expect((await cli('audit', 'verify')).status).toBe(0)
  })
})
