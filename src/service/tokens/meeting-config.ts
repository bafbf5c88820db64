import type { MeetingConfig, MeetingConfigQuery } from '../../contract/meetings/meeting-config.ts'
import type { Refusal } from '../../contract/problem.ts'
import { evaluateMeetingConfig } from '../../rules/tokens/meeting-access.ts'
import type { Policy } from '../../rules/policy/policy.ts'
import { recordRefusal } from '../audit/record.ts'
import type { Requester } from '../requester.ts'
import type { Clock } from '../ports.ts'
import type { Ledger } from '../ports.ts'

/** What telling how a meeting fits needs. */
export type MeetingConfigDeps = { policy: () => Policy; clock: Clock; ledger: Ledger }

/**
 * Tells a caller how a meeting fits a role. It lets nobody in and tells nothing of anybody: only a refusal is recorded.
 * @param query a query whose shape was checked
 * @returns the options, or a refusal, which stands in the record by then
 * @throws ServiceFault `record-unavailable`
 */
export async function readMeetingConfig(
  deps: MeetingConfigDeps,
  requester: Requester,
  query: MeetingConfigQuery,
): Promise<MeetingConfig | Refusal> {
  const decided = evaluateMeetingConfig(deps.policy(), requester.caller, query)
  if ('code' in decided) await recordRefusal(deps, requester, decided.code, { role: query.role })
  return decided
}
