import type { Inspection, InspectRequest } from '../../contract/tokens/inspection.ts'
import type { Deployment } from '../../rules/tokens/deployment.ts'
import { inspect, NOT_A_TOKEN } from '../../rules/tokens/inspect.ts'
import { parseToken, unwrapToken } from '../../rules/tokens/parse-token.ts'
import type { Requester } from '../requester.ts'
import type { Clock, Ledger } from '../ports.ts'
import type { Keys } from '../keys/ports.ts'

export type InspectTokenDeps = { deployment: Deployment; clock: Clock; keys: Pick<Keys, 'verify'> }

/**
 * Explains why Jitsi would refuse a token. The token is neither sent anywhere nor stored.
 * @param given a text that may be a token
 * @param options `room`: the room that a person wants to enter, as in the URL of the meeting; `show`: whether the result
 *   contains personal data, which is masked otherwise
 */
export async function inspectToken(
  { deployment, clock, keys }: InspectTokenDeps,
  given: string,
  { room, show = false }: { room?: string | undefined; show?: boolean } = {},
): Promise<Inspection> {
  const text = unwrapToken(given)
  const parts = parseToken(text)
  if (parts === undefined) return NOT_A_TOKEN
  const { kid } = parts.header
  const isShared = deployment.algorithm === 'HS256'
  const signature =
    isShared || typeof kid === 'string' ? await keys.verify(text, isShared ? undefined : String(kid)) : 'unknown-key'
  const facts = { characters: text.length, deployment, nowMs: clock(), signature, room, isUnwrapped: text !== given }
  return inspect(parts, facts, show)
}

/**
 * Inspects a token for a caller. The audit record names the caller, and nothing of the token.
 * @throws ServiceFault `record-unavailable`
 */
export async function inspectTokenForCaller(
  deps: InspectTokenDeps & { ledger: Ledger },
  { caller, ...requester }: Requester,
  { token, room }: InspectRequest,
): Promise<Inspection> {
  const inspection = await inspectToken(deps, token, { room })
  const { clock, ledger } = deps
  await ledger.append({ ...requester, time: clock(), caller: caller.id, action: 'token.inspect', outcome: 'done' })
  return inspection
}
