import type { Place } from '../../rules/cursor.ts'
import type { Entrant, Revocation } from '../../rules/revocation.ts'

export type { Revocation }

/** Keeps revocations. Throws ServiceFault `record-unavailable`. */
export type RevocationStore = {
  add(revocation: Revocation): Promise<void>
  remove(id: string): Promise<void>
  byId(id: string): Promise<Revocation | undefined>
  /** All that are in force. */
  all(): Promise<Revocation[]>
  /** Those that name this user, this room, both, or everybody. */
  naming(entrant: Pick<Entrant, 'room' | 'userId'>): Promise<Revocation[]>
  /** Newest first. */
  page(asked: { limit: number; before?: Place }): Promise<Revocation[]>
}
