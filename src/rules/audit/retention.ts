import { createHash } from 'node:crypto'
import type { RetentionMarker } from '../../contract/audit/checkpoint.ts'
import { DAY_MS } from '../time.ts'

/** The suffix of the writers of anonymous entries: refusals of callers that are not known, which have a chain of their own. */
const ANONYMOUS_SUFFIX = '/anonymous'

/** @returns the writer of the anonymous entries of an instance */
export const anonymousWriterOf = (writer: string): string => `${writer}${ANONYMOUS_SUFFIX}`

/** The times from which entries are kept, in epoch milliseconds; 0 keeps all of them. */
export type RetentionStarts = { entries: number; anonymous: number }

/**
 * Computes from which times entries are kept.
 * @param entries days that entries and checkpoints are kept; 0 for forever
 * @param anonymous days that anonymous entries are kept; never longer than the others
 */
export function retentionStartsOf(days: { entries: number; anonymous: number }, nowMs: number): RetentionStarts {
  const entries = retentionStart(days.entries, nowMs) ?? 0
  return { entries, anonymous: Math.max(entries, retentionStart(days.anonymous, nowMs) ?? 0) }
}

/** @returns the time from which the entries of a writer are kept */
export const startFor = ({ entries, anonymous }: RetentionStarts, writer: string | undefined): number =>
  writer?.endsWith(ANONYMOUS_SUFFIX) === true ? anonymous : entries

/** @param days how long entries are kept; 0 for forever. @returns the time from which entries are kept, or undefined for all */
export const retentionStart = (days: number, nowMs: number): number | undefined =>
  days === 0 ? undefined : nowMs - days * DAY_MS

/** The expired entries of a chain: their retention marker without its time, their number, and the time of the last one. */
export type ExpiredEntries = { stub: Omit<RetentionMarker, 'iat'>; count: number; lastAt: number }

/** An entry in the order of its chain. */
type SequencedEntry = { sequence: number; time: number; hash: string }

/**
 * Extends the expired entries of a chain. Only the oldest entries expire, up to the first one that is kept.
 * @param expired the expired entries found so far
 * @param next the entries that follow them, in order
 * @param since the time from which entries are kept, in epoch milliseconds
 * @param names the properties of the retention marker besides the last entry
 * @returns the expired entries, including those of `next`; undefined if there are none
 */
export function extendExpired(
  expired: ExpiredEntries | undefined,
  next: readonly SequencedEntry[],
  since: number,
  names: Pick<RetentionMarker, 'chain' | 'began' | 'writer'>,
): ExpiredEntries | undefined {
  const firstKept = next.findIndex(({ time }) => time >= since)
  const old = firstKept === -1 ? next : next.slice(0, firstKept)
  const last = old.at(-1)
  if (last === undefined) return expired
  const { sequence, hash, time } = last
  return { stub: { ...names, sequence, hash }, count: (expired?.count ?? 0) + old.length, lastAt: time }
}

/** @returns the hash of a checkpoint in a retention marker: hex SHA-256 of its JWS */
export const checkpointHash = (jws: string): string => createHash('sha256').update(jws).digest('hex')
