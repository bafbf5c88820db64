import type { ChainedEntry } from '../../contract/audit/audit-entry.ts'
import type { ChainHead, RetentionMarker } from '../../contract/audit/checkpoint.ts'
import type { Search } from '../../rules/audit/query.ts'

/** Reads the record. Throws ServiceFault `record-unavailable`. */
export type AuditReader = {
  /** Up to a hundred ids of chains that follow an id, in order. */
  listChains(after: string): Promise<string[]>
  /** The ends of the chains that have an entry of this time or later. */
  listHeads(since: number): Promise<ChainHead[]>
  /** Up to a thousand entries of a chain that follow a sequence, in order. */
  readPage(chain: string, after: number): Promise<ChainedEntry[]>
  /** The same, of each only where and when it is. */
  readOutline(chain: string, after: number): Promise<OutlinedEntry[]>
  /** Those of up to a thousand entries that are there. */
  findEntries(places: readonly Pick<ChainHead, 'chain' | 'sequence'>[]): Promise<ChainHead[]>
  /** Newest first. */
  search(search: Search): Promise<ChainedEntry[]>
}

/** An entry, without what it says. */
type OutlinedEntry = ChainHead & Pick<ChainedEntry, 'time' | 'writer'>

/** Keeps checkpoints. Throws ServiceFault `record-unavailable`. */
export type CheckpointStore = {
  add(time: number, jws: string): Promise<void>
  /** When the last one was taken, by whoever; undefined before the first. */
  findLastTime(): Promise<number | undefined>
  /** Up to a hundred checkpoints after a number, in order, with their numbers. */
  readPage(after: number): Promise<{ number: number; time: number; jws: string }[]>
}

/** Removes what is too old, from the old end alone. Throws ServiceFault `record-unavailable`. */
export type Retention = {
  /** Keeps a stub; from then on what it stands for may be removed, which the database refuses otherwise. */
  saveMarker(marker: RetentionMarker, jws: string): Promise<void>
  /** The newest stub of a chain, as it was signed, and whose chain it was. */
  findMarker(chain: string): Promise<(Pick<RetentionMarker, 'writer' | 'began'> & { jws: string }) | undefined>
  /** Removes up to some hundred of the oldest that the newest stub of a chain stands for. @returns how many */
  remove(chain: string): Promise<number>
}
