import { sql } from 'kysely'
import type { CheckpointStore } from '../../service/audit/ports.ts'
import { orUnavailable } from '../database/errors.ts'
import type { Database } from '../database/schema.ts'

const PAGE = 100

/** Keeps checkpoints, numbered without a gap over all writers. */
export function openCheckpoints(db: Database): CheckpointStore {
  return {
    add: (time, jws) =>
      orUnavailable(async () => {
        // Two replicas at one time would take one number; whoever comes second fails, and takes its checkpoint the next time.
        await sql`insert into audit_checkpoint (number, time, jws)
          select coalesce(max(number), 0) + 1, ${sql.val(time)}, ${sql.val(jws)} from audit_checkpoint`.execute(db)
      }),
    findLastTime: () =>
      orUnavailable(async () => {
        const last = await db
          .selectFrom('audit_checkpoint')
          .select('time')
          .orderBy('number', 'desc')
          .limit(1)
          .executeTakeFirst()
        return last?.time
      }),
    readPage: (after) =>
      orUnavailable(() =>
        db
          .selectFrom('audit_checkpoint')
          .select(['number', 'time', 'jws'])
          .where('number', '>', after)
          .orderBy('number')
          .limit(PAGE)
          .execute(),
      ),
  }
}
