import type { AuditEntry } from '../contract/audit.ts'
import type { ProblemCode } from '../contract/problem.ts'
import type { Asking } from './issue-token.ts'
import type { Clock, Ledger } from './ports.ts'

/** What an entry is about. */
export type About = Pick<
  AuditEntry,
  'consultation' | 'invitation' | 'room' | 'userId' | 'role' | 'renews' | 'onBehalfOf'
>

/** What keeping an entry needs. */
export type EntryParts = { clock: Clock; ledger: Pick<Ledger, 'append'> }

/** An entry about a request, as far as it says who asked; a signed-in user acts alone, only a machine may say for whom. */
export function entryOf(
  { clock }: Pick<EntryParts, 'clock'>,
  { caller, onBehalfOf, ...origin }: Asking,
  action: AuditEntry['action'],
  outcome: AuditEntry['outcome'],
): AuditEntry {
  return {
    ...origin,
    time: clock(),
    caller: caller.id,
    action,
    outcome,
    ...(onBehalfOf === undefined || caller.user !== undefined ? {} : { onBehalfOf }),
  }
}

/** Who a signed-in user is in an entry: whom it is about, or else the person behind it. */
function actorIn({ user }: Asking['caller'], { userId, invitation }: About): Pick<AuditEntry, 'userId' | 'onBehalfOf'> {
  if (user === undefined) return {}
  const isAboutAnother = userId === undefined ? invitation !== undefined : userId !== user.id
  return isAboutAnother ? { onBehalfOf: user.id } : { userId: user.id }
}

/**
 * Keeps what a caller did, or was refused. It comes before the deed: what is not recorded does not happen.
 * @param about what it is about; a signed-in user is named, too
 * @throws ServiceFault `record-unavailable`
 */
export function keep(
  parts: EntryParts,
  asking: Asking,
  action: AuditEntry['action'],
  outcome: { outcome: 'done' | 'waiting' } | { outcome: 'refused'; code: ProblemCode },
  about: About = {},
): Promise<void> {
  const entry = entryOf(parts, asking, action, outcome.outcome)
  return parts.ledger.append({ ...entry, ...actorIn(asking.caller, about), ...about, ...outcome })
}

export const DONE = { outcome: 'done' } as const
export const refusedWith = (code: ProblemCode) => ({ outcome: 'refused', code }) as const
