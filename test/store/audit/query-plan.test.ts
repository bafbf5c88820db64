import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openSqlite } from '../../../src/store/engines/sqlite.ts'
import { tempDir } from '../../kit.ts'
import { answersFrom, planOf } from './query-plan.ts'

// SQLite plans by its indexes, however many rows there are; on a million of them the faults suite asks, on both engines.
it('the record in SQLite is asked through its indexes alone, and of several filters the rarest leads', async () => {
  const db = await openSqlite(join(tempDir(), 'service.db'))
  const answers = await answersFrom(db, 'sqlite')
  expect(answers.length).toBeGreaterThan(10)
  expect(answers.filter(([, wrong]) => wrong.length > 0)).toStrictEqual([])
  const asked = { equal: { outcome: 'issued', caller: 'caller-17', room: 'room-77' } }
  expect((await planOf(db, 'sqlite', asked))[0]).toContain('audit_entry_room ')
  await db.destroy()
})
