import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it, vi } from 'vitest'
import { openRecord } from '../../src/app/open-record.ts'
import { readEntries, startService, startServiceProcess, tempDir, testEnv } from '../kit.ts'
import { addressOf } from '../support/process.ts'
import { startVisits } from '../support/consultations.ts'

const DAY_MS = 86_400_000

const entry = { requestId: 'r', caller: 'c', action: 'token.issue', outcome: 'issued' } as const

function count(path: string, table: string): number {
  const file = new DatabaseSync(path, { readOnly: true })
  const row = file.prepare(`SELECT count(*) AS n FROM ${table}`).get()
  file.close()
  return Number(row?.['n'])
}

it('signs the ends of the chains after so many entries, before the minutes are over', async () => {
  const dir = tempDir()
  const path = join(dir, 'service.db')
  const { parts } = await startService({ AUDIT_CHECKPOINT_ENTRIES: '100', DATABASE_URL: `sqlite:${path}` })
  await Promise.all(Array.from({ length: 50 }, () => parts.ledger.append({ ...entry, time: 1 })))
  await new Promise((resolve) => setTimeout(resolve, 1500))
  expect(count(path, 'audit_checkpoint')).toBe(0)
  await Promise.all(Array.from({ length: 50 }, () => parts.ledger.append({ ...entry, time: 1 })))
  await vi.waitFor(() => expect(count(path, 'audit_checkpoint')).toBe(1), { timeout: 60_000 })
})

it('a running service removes what is too old, and records that', async () => {
  const dir = tempDir()
  const path = join(dir, 'service.db')
  const record = await openRecord({ DATABASE_URL: `sqlite:${path}`, AUDIT_PSEUDONYM_KEY: undefined }, 'before')
  for (const time of [1, 2, Date.now()]) await record.ledger.append({ ...entry, time })
  await record.close()
  const running = startServiceProcess(dir, { ...testEnv(dir), AUDIT_RETENTION_DAYS: '30', PORT: '0' })
  await addressOf(running)
  await vi.waitFor(() => expect(readEntries(path).filter(({ caller }) => caller === 'c')).toHaveLength(1), {
    timeout: 60_000,
  })
  expect(readEntries(path).filter(({ action }) => action === 'audit.retain')).toMatchObject([
    { caller: '-', outcome: 'done' },
  ])
  running.child.kill('SIGTERM')
  expect(await running.ended).toBe(0)
})

it('a running service forgets consultations that ended long ago, with their people and invitations, and records that', async () => {
  const path = join(tempDir(), 'service.db')
  const { desk, visit, parts } = await startVisits({
    DATABASE_URL: `sqlite:${path}`,
    CONSULTATION_RETENTION_DAYS: '30',
  })
  const [old, young] = [await visit(), await visit()]
  for (const { id } of [old, young]) {
    const invited = await desk('POST', `/consultations/${id}/invitations`, { role: 'patient', name: 'Asha Rao' })
    expect(invited.status).toBe(201)
    expect(await desk('POST', '/revocations', { consultationId: id, userId: 'x' })).toMatchObject({ status: 201 })
  }
  const file = new DatabaseSync(path)
  file
    .prepare('UPDATE consultation SET starts_at = ?, ends_at = ? WHERE id = ?')
    .run(1, Date.now() - 31 * DAY_MS, old.id)
  file.close()
  parts.maintenance.retainDaily(() => ({ requestId: 'r', caller: '-' }))
  await vi.waitFor(() => expect(count(path, 'consultation')).toBe(1), { timeout: 60_000 })
  expect(['participant', 'invitation', 'revocation'].map((table) => count(path, table))).toStrictEqual([2, 1, 1])
  expect((await desk('GET', `/consultations/${young.id}`)).status).toBe(200)
  expect((await desk('GET', `/consultations/${old.id}`)).status).toBe(404)
  const kept = readEntries(path).filter(({ action }) => action === 'consultation.forget')
  expect(kept).toMatchObject([{ caller: '-', outcome: 'done' }])
})
