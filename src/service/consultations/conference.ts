import type { ConferenceOutcome } from '../../contract/revocation.ts'
import { type About, DONE, type EntryParts, keep, refusedWith } from '../audit/record.ts'
import type { Asking } from '../requester.ts'
import type { Conferences } from '../ports.ts'

/** What changing running meetings needs; without conferences nothing is changed. */
export type ConferenceParts = EntryParts & { conferences: Conferences | undefined }

/**
 * Changes a running meeting as what was recorded already demands, and records what became of it. A failure of the meeting's
 * side is an outcome, not a fault.
 * @throws ServiceFault `record-unavailable`
 */
export async function changeConference(
  parts: ConferenceParts,
  asking: Asking,
  action: 'conference.ban' | 'conference.destroy',
  about: About,
  change: (conferences: Conferences) => Promise<void>,
): Promise<ConferenceOutcome> {
  if (parts.conferences === undefined) return 'off'
  const done = await succeeds(change(parts.conferences))
  await keep(parts, asking, action, done ? DONE : UNAVAILABLE, about)
  return done ? 'done' : 'failed'
}

const UNAVAILABLE = refusedWith('conference-unavailable')

/** Whatever is thrown means that the meeting's side did not confirm. */
export const succeeds = (work: Promise<void>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  )
