import type { Page } from '../../rules/page.ts'
import type { Revocation, RevocationPosition, TokenSubject } from '../../rules/revocation.ts'

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
  listPage(page: Page<RevocationPosition>): Promise<Revocation[]>
}
