import type { Requester } from '../requester.ts'
import type { AuditEntry } from '../../contract/audit/audit-entry.ts'
import type { ProblemCode } from '../../contract/problem.ts'
import type { Clock } from '../ports.ts'
import type { Ledger } from '../ports.ts'

/** What an entry is about. */
export type AuditSubject = Pick<
  AuditEntry,
  'consultation' | 'invitation' | 'room' | 'userId' | 'role' | 'renews' | 'onBehalfOf'
>

/** What keeping an entry needs. */
export type RecordDeps = { clock: Clock; ledger: Pick<Ledger, 'append'> }

/** An entry about a request, as far as it says who asked; a signed-in user acts alone, only a machine may say for whom. */
export function auditEntryOf(
  { clock }: Pick<RecordDeps, 'clock'>,
  { caller, onBehalfOf, ...origin }: Requester,
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
function actorIn(
  { user }: Requester['caller'],
  { userId, invitation }: AuditSubject,
): Pick<AuditEntry, 'userId' | 'onBehalfOf'> {
  if (user === undefined) return {}
  const isAboutAnother = userId === undefined ? invitation !== undefined : userId !== user.id
  return isAboutAnother ? { onBehalfOf: user.id } : { userId: user.id }
}

/**
 * Keeps what a caller did, or was refused. It comes before the deed: what is not recorded does not happen.
 * @param about what it is about; a signed-in user is named, too
 * @throws ServiceFault `record-unavailable`
 */
export function recordAction(
  deps: RecordDeps,
  requester: Requester,
  action: AuditEntry['action'],
  outcome: { outcome: 'done' | 'waiting' } | { outcome: 'refused'; code: ProblemCode },
  about: AuditSubject = {},
): Promise<void> {
  const entry = auditEntryOf(deps, requester, action, outcome.outcome)
  return deps.ledger.append({ ...entry, ...actorIn(requester.caller, about), ...about, ...outcome })
}

export const DONE = { outcome: 'done' } as const
export const refusalOutcome = (code: ProblemCode) => ({ outcome: 'refused', code }) as const

/**
 * Keeps the refusal of a caller that is known.
 * @param asked what the request asked for, where its shape was checked
 * @throws ServiceFault `record-unavailable`
 */
export async function recordRefusal(
  deps: RecordDeps,
  requester: Requester,
  code: ProblemCode,
  asked: AuditSubject = {},
  action: AuditEntry['action'] = 'token.issue',
): Promise<void> {
  const { user } = requester.caller
  const who = user === undefined ? {} : { userId: user.id }
  await deps.ledger.append({ ...auditEntryOf(deps, requester, action, 'refused'), ...who, ...asked, code })
}
