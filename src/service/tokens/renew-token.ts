import type { Origin } from '../../contract/audit/audit-entry.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { TokenAnswer, WaitingAnswer } from '../../contract/tokens/token.ts'
import type { Consultation, Participant } from '../../rules/consultations/consultation.ts'
import type { Caller } from '../../rules/policy/policy.ts'
import {
  createRenewalCaller,
  grantsNoMore,
  isIssuedSince,
  type Renewable,
  parseRenewableToken,
  renewalRequest,
  currentCaller,
} from '../../rules/tokens/renewal.ts'
import { parseToken } from '../../rules/tokens/parse-token.ts'
import { checkBan, countFailure } from '../login-failures.ts'
import { type IssueTokenDeps, issueToken } from './issue-token.ts'
import type { Keys } from '../keys/ports.ts'

/** What renewing needs. */
export type RenewTokenDeps = IssueTokenDeps & {
  keys: Pick<Keys, 'verify'>
  /** Whether whoever is none of the policy's callers may still ask for a participant: an invitation, by `invitation:<id>`. */
  mayStillRequest(via: string, consultation: Consultation, participant: Participant): Promise<boolean>
  metrics: { countRenewal(outcome: 'issued' | 'waiting' | 'refused'): void }
}

/** A token as it was presented, and where it came from. */
export type PresentedToken = {
  token: string
  /** Where it came from as it is counted. */
  network: string
  origin: Origin
}

const NOT_RENEWABLE: Refusal = { code: 'token-not-renewable' }

/**
 * Issues a token in the place of another, which is the only credential: for the same person in the same room, after
 * everything was checked again. The same token may be renewed more than once, for an answer may get lost.
 * @param failedPerMinute what is no token of ours counts against the address; past it, the address is banned for a while
 * @param isAborted tells that nobody waits for the answer any more
 * @returns what `issueToken` answers; or `token-not-renewable`, the same for everything that is wrong with the token itself;
 *   or `not-a-participant`, `rate-limited`. Each stands in the record by then
 * @throws what `issueToken` throws
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
  { token, network, origin }: PresentedToken,
  isAborted: (() => boolean) | undefined,
): Promise<TokenAnswer | WaitingAnswer | Refusal> {
  const banned = await checkBan(deps, network)
  if (banned !== undefined) return banned
  const old = await readOwnToken(deps, token)
  const consultation = old === undefined ? undefined : await deps.consultations.findByRoom(old.room)
  if (old === undefined || consultation === undefined) {
    await recordRefused(deps, origin, NOT_RENEWABLE)
    return countFailure(deps, network, failedPerMinute, NOT_RENEWABLE)
  }
  const participant = consultation.participants.find(({ userId }) => userId === old.user.id)
  if (participant === undefined) return recordRefused(deps, origin, { code: 'not-a-participant' }, old, consultation)
  const may = isIssuedSince(old, participant) && grantsNoMore(deps.policy(), old, participant)
  const caller = may ? await findCaller(deps, consultation, participant) : undefined
  if (caller === undefined) return recordRefused(deps, origin, NOT_RENEWABLE, old, consultation)
  const request = renewalRequest(deps.policy(), caller, old, participant.role)
  return issueToken(deps, { ...origin, caller }, request, isAborted, old)
}

/** @returns what a token says that this service signed, and that may be renewed */
async function readOwnToken(
  { deployment, clock, keys }: RenewTokenDeps,
  token: string,
): Promise<Renewable | undefined> {
  const taken = parseToken(token)
  const old = taken === undefined ? undefined : parseRenewableToken(taken, deployment, clock())
  if (taken === undefined || old === undefined) return undefined
  const { kid } = taken.header
  return (await keys.verify(token, typeof kid === 'string' ? kid : undefined)) === 'valid' ? old : undefined
}

/** Whoever asked for the participant's last token, where that is still allowed. */
async function findCaller(
  { policy, mayStillRequest: mayStillAsk }: RenewTokenDeps,
  consultation: Consultation,
  participant: Participant,
): Promise<Caller | undefined> {
  const { via, role } = participant
  if (via === undefined || policy().callers.has(via)) return currentCaller(policy(), participant)
  return (await mayStillAsk(via, consultation, participant)) ? createRenewalCaller(via, role) : undefined
}

/** Keeps a refusal; what a token says stands in it only where the token is ours. */
async function recordRefused(
  { ledger, clock, metrics }: RenewTokenDeps,
  origin: Origin,
  refusal: Refusal,
  old?: Renewable,
  consultation?: Consultation,
): Promise<Refusal> {
  await ledger.append({
    ...origin,
    time: clock(),
    caller: '-',
    action: 'token.renew',
    outcome: 'refused',
    code: refusal.code,
    ...(old === undefined ? {} : { room: old.room, userId: old.user.id, renews: old.jti }),
    ...(consultation === undefined ? {} : { consultation: consultation.id }),
  })
  metrics.countRefusal(refusal.code)
  return refusal
}
