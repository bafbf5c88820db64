import { sql } from 'kysely'
import type { CheckpointStore } from '../../service/audit/ports.ts'
import { translateErrors } from '../database/errors.ts'
import type { Database } from '../database/schema.ts'

const PAGE_SIZE = 100

/** Opens the store of checkpoints. Their numbers have no gap, across all writers. */
export function openCheckpoints(db: Database): CheckpointStore {
  return {
    add: (time, jws) =>
      translateErrors(async () => {
        // If two replicas insert the same number at the same time, the second one fails, and adds its checkpoint the
        // next time.
        await sql`insert into audit_checkpoint (number, time, jws)
          select coalesce(max(number), 0) + 1, ${sql.val(time)}, ${sql.val(jws)} from audit_checkpoint`.execute(db)
      }),
    findLastTime: () =>
      translateErrors(async () => {
        const last = await db
          .selectFrom('audit_checkpoint')
          .select('time')
          .orderBy('number', 'desc')
          .limit(1)
          .executeTakeFirst()
        return last?.time
      }),
    readPage: (after) =>
      translateErrors(() =>
        db
          .selectFrom('audit_checkpoint')
          .select(['number', 'time', 'jws'])
          .where('number', '>', after)
          .orderBy('number')
          .limit(PAGE_SIZE)
          .execute(),
      ),
  }
}
