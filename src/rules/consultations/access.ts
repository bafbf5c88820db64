import type { Caller, Policy } from '../policy/policy.ts'
import type { AccessLevel, Consultation } from './consultation.ts'

/** @returns what a caller is to a consultation: a user what the policy makes of the role that the user takes part in */
export function accessLevelOf(policy: Policy, caller: Caller, { participants }: Consultation): AccessLevel {
  if (caller.user === undefined) return 'machine'
  const self = participants.find(({ userId }) => userId === caller.user?.id)
  if (self === undefined || !caller.roles.has(self.role)) return 'none'
  return policy.roles.get(self.role)?.moderator === true ? 'moderator' : 'participant'
}
