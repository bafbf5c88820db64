import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { openReader } from '../../src/store/audit-reader.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { tempDir } from '../kit.ts'
import { fillWithAMillion } from './million.ts'
import { answersFrom, EXPECTED, planOf } from './plan.ts'

it('a record of a million entries in SQLite is asked through its indexes alone', { timeout: 60_000 }, async () => {
  const path = join(tempDir(), 'service.db')
  const db = await openSqlite(path)
  const file = new DatabaseSync(path)
  await fillWithAMillion('sqlite', async (statement) => file.prepare(statement).all())
  file.close()
  expect(await answersFrom(db, 'sqlite')).toStrictEqual(EXPECTED)
  const asked = { equal: { outcome: 'issued', caller: 'caller-17', room: 'room-77' } }
  expect(await planOf(db, 'sqlite', asked)).toStrictEqual([expect.stringContaining('audit_entry_room ')])
  expect(await openReader(db).heads(1_700_049_999_000)).toHaveLength(10)
  await db.destroy()
})
