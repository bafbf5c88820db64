import { type ProblemCode, PROBLEM_CODES } from '../../contract/problem.ts'

const ANY: ProblemCode[] = [
  ...(['malformed-request', 'invalid-request', 'rate-limited', 'headers-too-large', 'fault'] as const),
  ...(['record-unavailable', 'shutting-down'] as const),
]
const CALLER: ProblemCode[] = [
  ...(['unauthenticated', 'step-up-required', 'scope-missing', 'identity-provider-unavailable'] as const),
]
const BODY: ProblemCode[] = [
  ...(['invalid-json', 'request-timeout', 'payload-too-large', 'unsupported-media-type'] as const),
]

/** What entering a meeting can be refused for. */
const ENTRY: ProblemCode[] = [
  ...(['role-not-allowed', 'not-a-participant', 'too-early', 'too-late', 'revoked'] as const),
  ...(['consultation-ended', 'consultation-cancelled', 'consultation-full', 'client-aborted', 'overloaded'] as const),
]

const KINDS = { caller: CALLER, body: BODY, entry: ENTRY }

/**
 * The codes that a route can answer with, in the order of their table.
 * @param kinds whether a caller is asked for, a body read, a meeting entered
 * @param own those of the route alone
 */
export function listProblems(kinds: (keyof typeof KINDS)[], own: readonly ProblemCode[] = []): ProblemCode[] {
  const codes = new Set([...ANY, ...kinds.flatMap((kind) => KINDS[kind]), ...own])
  return PROBLEM_CODES.filter((code) => codes.has(code))
}
