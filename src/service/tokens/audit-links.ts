import type { AuditEntry } from '../../contract/audit/audit-entry.ts'
import type { TokenRequest } from '../../contract/tokens/token.ts'
import type { Consultation } from '../../rules/consultations/consultation.ts'
import type { Caller } from '../../rules/policy/policy.ts'
import type { AuditSubject } from '../audit/record.ts'

/** What an audit entry about a token links to: its consultation, the token that it renews, and the entry that it undoes. */
export type Links = Pick<AuditEntry, 'consultation' | 'renews' | 'undoes'>

/** @returns the links of the entries about a token request */
export const linksOf = (consultation: Consultation | undefined, renews: { jti: string } | undefined): Links => ({
  ...(consultation === undefined ? {} : { consultation: consultation.id }),
  ...(renews === undefined ? {} : { renews: renews.jti }),
})

/** @returns the action of the entries about a token request */
export const actionOf = ({ renews }: Links) => (renews === undefined ? 'token.issue' : 'token.renew')

/** The room, user and role of a refused request. A signed-in user is the verified one, whatever the request says. */
export function requestedSubject({ user }: Caller, { roomId, userId, userRole }: TokenRequest): AuditSubject {
  const id = user?.id ?? userId
  return {
    room: roomId,
    ...(id === undefined ? {} : { userId: id }),
    ...(userRole === undefined ? {} : { role: userRole }),
  }
}
