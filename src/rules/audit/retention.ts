import { createHash } from 'node:crypto'
import type { RetentionMarker } from '../../contract/audit/checkpoint.ts'
import { DAY_MS } from '../time.ts'

/** Before which time nothing is kept; undefined where all is kept for ever. @param days 0 for ever */
export const retentionStart = (days: number, nowMs: number): number | undefined =>
  days === 0 ? undefined : nowMs - days * DAY_MS

/** An old end that may go: what its stub will say but for when, how many entries it is, and when the last was made. */
export type ExpiredEntries = { stub: Omit<RetentionMarker, 'iat'>; count: number; lastAt: number }

/** Something that stands in an order and has its time. */
type SequencedEntry = { sequence: number; time: number; hash: string }

/**
 * Goes on with an old end: entries are taken from the old end alone, up to the first that has to be kept.
 * @param end what was found before, if anything
 * @param next what follows it, in order
 * @param since the time from which on entries are kept
 * @param names what the stub says beside the last entry
 */
export function extendExpired(
  end: ExpiredEntries | undefined,
  next: readonly SequencedEntry[],
  since: number,
  names: Pick<RetentionMarker, 'chain' | 'began' | 'writer'>,
): ExpiredEntries | undefined {
  const kept = next.findIndex(({ time }) => time >= since)
  const old = kept === -1 ? next : next.slice(0, kept)
  const last = old.at(-1)
  if (last === undefined) return end
  const { sequence, hash, time } = last
  return { stub: { ...names, sequence, hash }, count: (end?.count ?? 0) + old.length, lastAt: time }
}

/** The hash of a checkpoint, as a stub names it: hex SHA-256 of its JWS. */
export const checkpointHash = (jws: string): string => createHash('sha256').update(jws).digest('hex')
