import type { Place } from '../../rules/cursor.ts'
import type { TokenSubject, Revocation } from '../../rules/revocation.ts'

export type { Revocation }

/** Keeps revocations. Throws ServiceFault `record-unavailable`. */
export type RevocationStore = {
  add(revocation: Revocation): Promise<void>
  remove(id: string): Promise<void>
  findById(id: string): Promise<Revocation | undefined>
  /** All that are in force. */
  list(): Promise<Revocation[]>
  /** Those that name this user, this room, both, or everybody. */
  findMatching(entrant: Pick<TokenSubject, 'room' | 'userId'>): Promise<Revocation[]>
  /** Newest first. */
  listPage(asked: { limit: number; before?: Place }): Promise<Revocation[]>
}
