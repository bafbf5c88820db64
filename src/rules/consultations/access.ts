import type { Caller, Policy } from '../policy/policy.ts'
import type { AccessLevel, Consultation } from './consultation.ts'

/** @returns the access level of a caller; for a signed-in user, from the role in which the user takes part */
export function accessLevelOf(policy: Policy, caller: Caller, { participants }: Consultation): AccessLevel {
  if (caller.user === undefined) return 'machine'
  const self = participants.find(({ userId }) => userId === caller.user?.id)
  if (self === undefined || !caller.roles.has(self.role)) return 'none'
  return policy.roles.get(self.role)?.moderator === true ? 'moderator' : 'participant'
}
