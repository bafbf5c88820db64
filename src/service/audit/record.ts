import type { Requester } from '../requester.ts'
import type { AuditEntry } from '../../contract/audit/audit-entry.ts'
import type { ProblemCode, Refusal } from '../../contract/problem.ts'
import type { Clock, Ledger } from '../ports.ts'

/** The objects and the user that an entry is about. */
export type AuditSubject = Pick<
  AuditEntry,
  'consultation' | 'invitation' | 'room' | 'userId' | 'role' | 'renews' | 'onBehalfOf' | 'undoes' | 'document'
>

export type RecordDeps = { clock: Clock; ledger: Pick<Ledger, 'append'> }

/** Builds an entry from its requester. Only a machine can act on behalf of somebody; a signed-in user acts alone. */
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

/** Names a signed-in user: as `userId`, or as `onBehalfOf` where the entry is about another person. */
function actorIn(
  { user }: Requester['caller'],
  { userId, invitation }: AuditSubject,
): Pick<AuditEntry, 'userId' | 'onBehalfOf'> {
  if (user === undefined) return {}
  const isAboutAnother = userId === undefined ? invitation !== undefined : userId !== user.id
  return isAboutAnother ? { onBehalfOf: user.id } : { userId: user.id }
}

/**
 * Records an action and its outcome. Call it before the action: an action that cannot be recorded does not happen.
 * @param subject what the action is about; a signed-in user is added
 * @returns the position of the entry, for an entry that undoes it
 * @throws ServiceFault `record-unavailable`
 */
export function recordAction(
  deps: RecordDeps,
  requester: Requester,
  action: AuditEntry['action'],
  outcome: { outcome: 'done' | 'waiting' } | { outcome: 'refused'; code: ProblemCode },
  subject: AuditSubject = {},
): Promise<string> {
  const entry = auditEntryOf(deps, requester, action, outcome.outcome)
  return deps.ledger.append({ ...entry, ...actorIn(requester.caller, subject), ...subject, ...outcome })
}

export const DONE = { outcome: 'done' } as const
export const refusalOutcome = (code: ProblemCode) => ({ outcome: 'refused', code }) as const

/**
 * Records that an action is refused.
 * @returns the refusal
 * @throws ServiceFault `record-unavailable`
 */
export async function refuseAction(
  deps: RecordDeps,
  requester: Requester,
  action: AuditEntry['action'],
  refusal: Refusal,
  subject?: AuditSubject,
): Promise<Refusal> {
  await recordAction(deps, requester, action, refusalOutcome(refusal.code), subject)
  return refusal
}

/**
 * Records the refusal of an authenticated caller's request.
 * @param subject what the request named, if it fits its schema
 * @throws ServiceFault `record-unavailable`
 */
export async function recordRefusal(
  deps: RecordDeps,
  requester: Requester,
  code: ProblemCode,
  subject: AuditSubject = {},
  action: AuditEntry['action'] = 'token.issue',
): Promise<void> {
  const { user } = requester.caller
  const actor = user === undefined ? {} : { userId: user.id }
  await deps.ledger.append({ ...auditEntryOf(deps, requester, action, 'refused'), ...actor, ...subject, code })
}
