import type { Place } from '../../rules/cursor.ts'
import type { TokenSubject, Revocation } from '../../rules/revocation.ts'

export type { Revocation }

/** Stores revocations. Each method throws ServiceFault `record-unavailable`. */
export type RevocationStore = {
  add(revocation: Revocation): Promise<void>
  remove(id: string): Promise<void>
  findById(id: string): Promise<Revocation | undefined>
  /** @returns all revocations in force */
  list(): Promise<Revocation[]>
  /** @returns the revocations that name this user, this room, both, or everybody */
  findMatching(subject: Pick<TokenSubject, 'room' | 'userId'>): Promise<Revocation[]>
  /** @returns a page of revocations in force, newest first */
  listPage(page: { limit: number; before?: Place }): Promise<Revocation[]>
}
