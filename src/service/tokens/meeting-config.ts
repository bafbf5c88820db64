import type { MeetingConfig, MeetingConfigQuery } from '../../contract/meetings/meeting-config.ts'
import type { Refusal } from '../../contract/problem.ts'
import { evaluateMeetingConfig } from '../../rules/tokens/meeting-access.ts'
import type { Policy } from '../../rules/policy/policy.ts'
import { recordRefusal } from '../audit/record.ts'
import type { Requester } from '../requester.ts'
import type { Clock, Ledger } from '../ports.ts'

export type MeetingConfigDeps = { policy: () => Policy; clock: Clock; ledger: Ledger }

/**
 * Reads the meeting options of a role. They give no access and contain no personal data, so only a refusal is recorded.
 * @param query a query that fits its schema
 * @returns the options, or a refusal, which is in the audit record by then
 * @throws ServiceFault `record-unavailable`
 */
export async function readMeetingConfig(
  deps: MeetingConfigDeps,
  requester: Requester,
  query: MeetingConfigQuery,
): Promise<MeetingConfig | Refusal> {
  const result = evaluateMeetingConfig(deps.policy(), requester.caller, query)
  if ('code' in result) await recordRefusal(deps, requester, result.code, { role: query.role })
  return result
}
