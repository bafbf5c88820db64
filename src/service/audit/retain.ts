import { CHECKPOINT_CHAIN, type RetentionMarker } from '../../contract/audit/checkpoint.ts'
import type { Origin } from '../../contract/audit/audit-entry.ts'
import { checkpointHash, extendExpired, type ExpiredEntries } from '../../rules/audit/retention.ts'
import type { Clock } from '../ports.ts'
import type { AuditReader, CheckpointStore, Retention } from './ports.ts'
import type { Ledger } from '../ports.ts'
import type { Keys } from '../keys/ports.ts'

/** What looking for old ends needs. */
export type PlanRetentionDeps = { reader: AuditReader; checkpoints: CheckpointStore }

/** What removing them needs. */
export type RetainAuditDeps = PlanRetentionDeps & {
  retention: Retention
  ledger: Ledger
  keys: Pick<Keys, 'signStatement'>
  clock: Clock
  /** Lets others have the database for a while. */
  pause: () => Promise<void>
}

/** Who had it done: the caller of the entry. */
export type RetentionActor = Origin & { caller: string }

/**
 * Finds what is older than a time, at the old end of each chain and of the checkpoints. It reads page by page.
 * @param since epoch milliseconds; what is from then on is kept, and all that follows it in its chain
 * @throws ServiceFault `record-unavailable`
 */
export async function* findExpired(
  { reader, checkpoints }: PlanRetentionDeps,
  since: number,
): AsyncGenerator<ExpiredEntries> {
  for (let after = ''; ;) {
    const chains = await reader.listChains(after)
    for (const chain of chains) {
      const end = await findExpiredIn(chain, since, (sequence) => reader.readOutline(chain, sequence))
      if (end !== undefined) yield end
    }
    after = chains.at(-1) ?? ''
    if (after === '') break
  }
  const end = await findExpiredIn(CHECKPOINT_CHAIN, since, async (number) => {
    const page = await checkpoints.readPage(number)
    return page.map(({ number: sequence, time, jws }) => ({ sequence, time, hash: checkpointHash(jws) }))
  })
  if (end !== undefined) yield end
}

type Outlined = { sequence: number; time: number; hash: string; writer?: string }

async function findExpiredIn(
  chain: string,
  since: number,
  pageAfter: (sequence: number) => Promise<Outlined[]>,
): Promise<ExpiredEntries | undefined> {
  let end: ExpiredEntries | undefined
  let names: Pick<RetentionMarker, 'chain' | 'began' | 'writer'> | undefined
  for (;;) {
    const page = await pageAfter(end?.stub.sequence ?? 0)
    const [first] = page
    if (first === undefined) return end
    names ??= { chain, began: first.time, ...(first.writer === undefined ? {} : { writer: first.writer }) }
    const longer = extendExpired(end, page, since, names)
    if (longer?.stub.sequence !== page.at(-1)?.sequence) return longer
    end = longer
  }
}

/**
 * Removes what is older than a time. That it was done stands in the record before the first entry goes, and a signed stub
 * in the place of what goes, so that the rest still verifies. Entries go in small batches, between which others are kept.
 * @returns how many entries went, and how many checkpoints
 * @throws ServiceFault `record-unavailable`
 */
export async function retainAudit(
  deps: RetainAuditDeps,
  since: number,
  { caller, ...origin }: RetentionActor,
): Promise<{ entries: number; checkpoints: number }> {
  const { ledger, clock } = deps
  const removed = { entries: 0, checkpoints: 0 }
  let recorded = false
  for await (const end of findExpired(deps, since)) {
    if (!recorded) await ledger.append({ ...origin, time: clock(), caller, action: 'audit.retain', outcome: 'done' })
    recorded = true
    const count = await removeExpired(deps, end)
    removed[end.stub.chain === CHECKPOINT_CHAIN ? 'checkpoints' : 'entries'] += count
  }
  return removed
}

async function removeExpired(
  { retention, keys, clock, pause }: RetainAuditDeps,
  { stub }: ExpiredEntries,
): Promise<number> {
  // The first entry tells whose chain it was; where it is gone already, the stub before does.
  const { writer, began } = (await retention.findMarker(stub.chain)) ?? stub
  const statement: RetentionMarker = {
    ...stub,
    began,
    ...(writer === undefined ? {} : { writer }),
    iat: Math.floor(clock() / 1000),
  }
  await retention.saveMarker(statement, await keys.signStatement('audit-stub', statement))
  let removed = 0
  for (;;) {
    const batch = await retention.remove(stub.chain)
    if (batch === 0) return removed
    removed += batch
    await pause()
  }
}
