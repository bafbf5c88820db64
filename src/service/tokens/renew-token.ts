import type { FailureNetwork, FailureRecorder } from '../ports.ts'
import type { Origin } from '../../contract/audit/audit-entry.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { TokenAnswer, WaitingAnswer } from '../../contract/tokens/token.ts'
import type { Consultation, Participant } from '../../rules/consultations/consultation.ts'
import { type Caller, createRoleCaller } from '../../rules/policy/policy.ts'
import { parseToken } from '../../rules/tokens/parse-token.ts'
import {
  currentCaller,
  grantsNoMore,
  isIssuedSince,
  isRenewableAt,
  parseRenewableToken,
  type Renewable,
  renewalRequest,
} from '../../rules/tokens/renewal.ts'
import type { AuditReader } from '../audit/ports.ts'
import type { Keys } from '../keys/ports.ts'
import { countFailure } from '../login-failures.ts'
import { issueToken, type IssueTokenDeps } from './issue-token.ts'
import { reportReuse } from './renewal-reuse.ts'

export type RenewTokenDeps = IssueTokenDeps & {
  keys: Pick<Keys, 'verify'>
  reader: Pick<AuditReader, 'findFirstRenewal'>
  failures: FailureRecorder
  /** Whether a caller that is not in the policy may still request tokens for a participant: an invitation, as `invitation:<id>`. */
  mayStillRequest(via: string, consultation: Consultation, participant: Participant): Promise<boolean>
  metrics: { countRenewal(outcome: 'issued' | 'waiting' | 'refused'): void; countRenewalReuse(): void }
}

/** A token that was presented for renewal, and where it came from. */
export type PresentedToken = {
  token: string
  /** The networks of the client that failures are counted for. */
  networks: readonly FailureNetwork[]
  origin: Origin
}

const NOT_RENEWABLE: Refusal = { code: 'token-not-renewable' }

/**
 * Replaces a token by a new one for the same person in the same room. The token itself is the only credential; the policy,
 * the consultation and the revocations are checked again. A token may be renewed more than once, because an answer may get
 * lost on the way; a renewal long after the first one is recorded and counted as reuse.
 * @param failedPerMinute tokens that this service did not sign which a network may present per minute; a token of this
 *   service is never refused because of others
 * @param isAborted whether the client closed the connection
 * @returns what `issueToken` returns; or `token-not-renewable`, the same for everything that is wrong with the token;
 *   or `not-a-participant`, `rate-limited`. Each is in the audit record by then
 * @throws ServiceFault with the codes of `issueToken`
 */
export async function renewToken(
  deps: RenewTokenDeps,
  failedPerMinute: number,
  presented: PresentedToken,
  isAborted?: () => boolean,
): Promise<TokenAnswer | WaitingAnswer | Refusal> {
  const outcome = await renew(deps, failedPerMinute, presented, isAborted)
  deps.metrics.countRenewal('code' in outcome ? 'refused' : 'state' in outcome ? 'waiting' : 'issued')
  return outcome
}

async function renew(
  deps: RenewTokenDeps,
  failedPerMinute: number,
  { token, networks, origin }: PresentedToken,
  isAborted: (() => boolean) | undefined,
): Promise<TokenAnswer | WaitingAnswer | Refusal> {
  const old = await readOwnToken(deps, token)
  if (old === undefined) {
    await recordUnknown(deps, origin, networks)
    return (await countFailure(deps, failedPerMinute, networks, token)) ?? NOT_RENEWABLE
  }
  const consultation = await deps.consultations.findByRoom(old.fields.roomId)
  if (consultation === undefined || !isRenewableAt(old, deps.clock())) {
    return recordRefused(deps, origin, NOT_RENEWABLE, old, consultation)
  }
  const participant = consultation.participants.find(({ userId }) => userId === old.fields.userId)
  if (participant === undefined) return recordRefused(deps, origin, { code: 'not-a-participant' }, old, consultation)
  const isRenewable = isIssuedSince(old, participant) && grantsNoMore(deps.policy(), old, participant)
  const caller = isRenewable ? await findCaller(deps, consultation, participant) : undefined
  if (caller === undefined) return recordRefused(deps, origin, NOT_RENEWABLE, old, consultation)
  const requester = { ...origin, caller }
  await reportReuse(deps, requester, old, consultation.id)
  const request = renewalRequest(deps.policy(), caller, old, participant.role)
  return issueToken(deps, requester, request, { isAborted, renews: old })
}

/** @returns the content of a token that this service signed, whatever its age; undefined for any other token */
async function readOwnToken({ deployment, keys }: RenewTokenDeps, token: string): Promise<Renewable | undefined> {
  const parsed = parseToken(token)
  const renewable = parsed === undefined ? undefined : parseRenewableToken(parsed, deployment)
  if (parsed === undefined || renewable === undefined) return undefined
  const { kid } = parsed.header
  return (await keys.verify(token, typeof kid === 'string' ? kid : undefined)) === 'valid' ? renewable : undefined
}

/** Finds the caller who requested the participant's last token, if that caller may still do so. */
async function findCaller(
  { policy, mayStillRequest }: RenewTokenDeps,
  consultation: Consultation,
  participant: Participant,
): Promise<Caller | undefined> {
  const { via, role } = participant
  if (via === undefined || policy().callers.has(via)) return currentCaller(policy(), participant)
  return (await mayStillRequest(via, consultation, participant)) ? createRoleCaller(via, role) : undefined
}

/** Records that a token of somebody else was presented. */
async function recordUnknown(
  { failures, clock, metrics }: RenewTokenDeps,
  origin: Origin,
  networks: readonly FailureNetwork[],
): Promise<void> {
  const failure = { ...origin, time: clock(), caller: '-', action: 'token.renew', outcome: 'refused' } as const
  await failures.record({ ...failure, code: NOT_RENEWABLE.code }, networks)
  metrics.countRefusal(NOT_RENEWABLE.code)
}

/** Records the refusal of a token that this service signed. */
async function recordRefused(
  { ledger, clock, metrics }: RenewTokenDeps,
  origin: Origin,
  refusal: Refusal,
  old: Renewable,
  consultation?: Consultation,
): Promise<Refusal> {
  await ledger.append({
    ...origin,
    time: clock(),
    caller: '-',
    action: 'token.renew',
    outcome: 'refused',
    code: refusal.code,
    ...{ room: old.fields.roomId, userId: old.fields.userId, renews: old.jti },
    ...(consultation === undefined ? {} : { consultation: consultation.id }),
  })
  metrics.countRefusal(refusal.code)
  return refusal
}
