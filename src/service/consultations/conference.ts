import type { ConferenceOutcome } from '../../contract/revocation.ts'
import { type AuditSubject, DONE, type RecordDeps, recordAction, refusalOutcome } from '../audit/record.ts'
import type { Requester } from '../requester.ts'
import type { Conferences } from './ports.ts'

/** `conferences` is undefined where the deployment cannot change running meetings, or the settings do not allow it. */
export type ConferenceDeps = RecordDeps & { conferences: Conferences | undefined }

/**
 * Changes a running meeting to match an action that is recorded already, then records the result. An error of the meeting
 * server is the outcome `failed`; it is not thrown.
 * @throws ServiceFault `record-unavailable`
 */
export async function changeConference(
  deps: ConferenceDeps,
  requester: Requester,
  action: 'conference.ban' | 'conference.destroy',
  subject: AuditSubject,
  change: (conferences: Conferences) => Promise<void>,
): Promise<ConferenceOutcome> {
  if (deps.conferences === undefined) return 'off'
  const isDone = await succeeds(change(deps.conferences))
  await recordAction(deps, requester, action, isDone ? DONE : UNAVAILABLE, subject)
  return isDone ? 'done' : 'failed'
}

const UNAVAILABLE = refusalOutcome('conference-unavailable')

/** Whether a promise fulfils. Any rejection means that the meeting server did not confirm the change. */
export const succeeds = (work: Promise<void>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  )
