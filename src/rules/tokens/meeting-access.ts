import type { MeetingConfig, MeetingConfigQuery } from '../../contract/meetings/meeting-config.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { Caller, Policy } from '../policy/policy.ts'
import { meetingConfigOf } from '../meetings/meeting-config.ts'

/**
 * Decides whether a caller may read the meeting options of a role.
 * @returns the options; or `invalid-request` for a role that the policy does not define, `role-not-allowed`
 */
export function evaluateMeetingConfig(
  policy: Policy,
  caller: Caller,
  { role, network = 'good' }: MeetingConfigQuery,
): MeetingConfig | Refusal {
  const rolePolicy = policy.roles.get(role)
  if (rolePolicy === undefined) {
    const message = 'must be one of the roles of the policy'
    return { code: 'invalid-request', errors: [{ pointer: '/query/role', message }] }
  }
  if (!caller.roles.has(role)) return { code: 'role-not-allowed' }
  return meetingConfigOf(rolePolicy, network)
}
