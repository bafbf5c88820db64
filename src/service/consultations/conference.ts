import type { ConferenceOutcome } from '../../contract/revocation.ts'
import { type AuditSubject, DONE, type RecordDeps, recordAction, refusalOutcome } from '../audit/record.ts'
import type { Requester } from '../requester.ts'
import type { Conferences } from './ports.ts'

/** What changing running meetings needs; without conferences nothing is changed. */
export type ConferenceDeps = RecordDeps & { conferences: Conferences | undefined }

/**
 * Changes a running meeting as what was recorded already demands, and records what became of it. A failure of the meeting's
 * side is an outcome, not a fault.
 * @throws ServiceFault `record-unavailable`
 */
export async function changeConference(
  deps: ConferenceDeps,
  requester: Requester,
  action: 'conference.ban' | 'conference.destroy',
  about: AuditSubject,
  change: (conferences: Conferences) => Promise<void>,
): Promise<ConferenceOutcome> {
  if (deps.conferences === undefined) return 'off'
  const done = await succeeds(change(deps.conferences))
  await recordAction(deps, requester, action, done ? DONE : UNAVAILABLE, about)
  return done ? 'done' : 'failed'
}

const UNAVAILABLE = refusalOutcome('conference-unavailable')

/** Whatever is thrown means that the meeting's side did not confirm. */
export const succeeds = (work: Promise<void>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  )
