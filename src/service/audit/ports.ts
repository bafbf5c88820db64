import type { ChainedEntry } from '../../contract/audit/audit-entry.ts'
import type { ChainHead, RetentionMarker } from '../../contract/audit/checkpoint.ts'
import type { Search } from '../../rules/audit/query.ts'

/** Reads the audit record. Each method throws ServiceFault `record-unavailable`. */
export type AuditReader = {
  /** @returns up to 100 chain ids that sort after `after`, in order */
  listChains(after: string): Promise<string[]>
  /** @returns the heads of the chains that have an entry at or after `since`, in epoch milliseconds */
  listHeads(since: number): Promise<ChainHead[]>
  /** @returns up to 1000 entries of a chain after the sequence `after`, in order */
  readPage(chain: string, after: number): Promise<ChainedEntry[]>
  /** Like `readPage`, without the contents of the entries. */
  readOutline(chain: string, after: number): Promise<OutlinedEntry[]>
  /** @returns those of up to 1000 entries that exist */
  findEntries(positions: readonly Pick<ChainHead, 'chain' | 'sequence'>[]): Promise<ChainHead[]>
  /** @returns when a token was first renewed, by its `jti`, in epoch milliseconds; undefined if it was not */
  findFirstRenewal(jti: string): Promise<number | undefined>
  /** @returns matching entries, newest first */
  search(search: Search): Promise<ChainedEntry[]>
}

/** The position, hash, time and writer of an entry. */
type OutlinedEntry = ChainHead & Pick<ChainedEntry, 'time' | 'writer'>

/** Stores checkpoints. Each method throws ServiceFault `record-unavailable`. */
export type CheckpointStore = {
  add(time: number, jws: string): Promise<void>
  /** @returns the time of the newest checkpoint of any instance, in epoch milliseconds; undefined if there is none */
  findLastTime(): Promise<number | undefined>
  /** @returns up to 100 checkpoints after the number `after`, in order */
  readPage(after: number): Promise<{ number: number; time: number; jws: string }[]>
}

/** Removes expired entries, from the beginning of a chain only. Each method throws ServiceFault `record-unavailable`. */
export type Retention = {
  /** Stores a retention marker. The database refuses to remove entries that no marker covers. */
  saveMarker(marker: RetentionMarker, jws: string): Promise<void>
  /** @returns the newest marker of a chain as a JWS, with the writer and the begin of the chain */
  findMarker(chain: string): Promise<(Pick<RetentionMarker, 'writer' | 'began'> & { jws: string }) | undefined>
  /** Removes a batch of up to some hundred of the oldest entries that the newest marker covers. @returns how many */
  remove(chain: string): Promise<number>
}
