import type { Inspection } from '../../contract/tokens/inspection.ts'
import type { Deployment } from '../../rules/tokens/deployment.ts'
import { inspect, NO_TOKEN } from '../../rules/tokens/inspect.ts'
import { parseToken } from '../../rules/tokens/parse-token.ts'
import type { Requester } from '../requester.ts'
import type { Clock } from '../ports.ts'
import type { Ledger } from '../ports.ts'
import type { Keys } from '../keys/ports.ts'

/** What a diagnosis needs. */
export type InspectTokenDeps = { deployment: Deployment; clock: Clock; keys: Pick<Keys, 'verify'> }

/**
 * Says why a token is refused. It is sent nowhere, and nothing of it is kept.
 * @param token what is taken for one
 * @param show whether personal data is told, or masked
 */
export async function inspectToken(
  { deployment, clock, keys }: InspectTokenDeps,
  token: string,
  show = false,
): Promise<Inspection> {
  const text = token.trim()
  const parts = parseToken(text)
  if (parts === undefined) return NO_TOKEN
  const { kid } = parts.header
  const shared = deployment.algorithm === 'HS256'
  const signature =
    shared || typeof kid === 'string' ? await keys.verify(text, shared ? undefined : String(kid)) : 'unknown-key'
  return inspect(parts, { characters: text.length, deployment, nowMs: clock(), signature }, show)
}

/** The same for a caller; that it asked stands in the record, what it asked about does not. */
export async function inspectTokenForCaller(
  parts: InspectTokenDeps & { ledger: Ledger },
  { caller, ...requester }: Requester,
  token: string,
): Promise<Inspection> {
  const inspection = await inspectToken(parts, token)
  const { clock, ledger } = parts
  await ledger.append({ ...requester, time: clock(), caller: caller.id, action: 'token.inspect', outcome: 'done' })
  return inspection
}
