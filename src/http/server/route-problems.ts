import { type ProblemCode, PROBLEM_CODES } from '../../contract/problem.ts'

const ANY: ProblemCode[] = [
  ...([
    'malformed-request',
    'invalid-request',
    'rate-limited',
    'expectation-failed',
    'headers-too-large',
    'fault',
  ] as const),
  ...(['record-unavailable', 'shutting-down'] as const),
]
const CALLER: ProblemCode[] = [
  ...(['unauthenticated', 'step-up-required', 'scope-missing', 'identity-provider-unavailable'] as const),
]
const VISITOR: ProblemCode[] = [...CALLER, 'no-visit', 'origin-not-allowed']
/** Codes of every route whose only credential is the cookie of a browser. */
const BROWSER: ProblemCode[] = ['no-visit', 'origin-not-allowed']
const BODY: ProblemCode[] = [
  ...(['invalid-json', 'request-timeout', 'payload-too-large'] as const),
  ...(['unsupported-media-type', 'unsupported-content-encoding'] as const),
]

/** Codes of every route that issues a token for a meeting. */
const ENTRY: ProblemCode[] = [
  ...(['role-not-allowed', 'not-a-participant', 'too-early', 'too-late', 'revoked'] as const),
  ...(['consultation-ended', 'consultation-cancelled', 'consultation-full', 'client-aborted', 'overloaded'] as const),
]

const KINDS = { caller: CALLER, visitor: VISITOR, browser: BROWSER, body: BODY, entry: ENTRY }

/**
 * Lists the problem codes of a route in the order of `PROBLEMS`.
 * @param kinds what the route does: `caller` authenticates, `visitor` also by the cookie of a
 *   browser, `browser` by the cookie only, `body` reads a body, `entry` issues a token for a meeting
 * @param own further codes of this route
 */
export function listProblems(kinds: (keyof typeof KINDS)[], own: readonly ProblemCode[] = []): ProblemCode[] {
  const codes = new Set([...ANY, ...kinds.flatMap((kind) => KINDS[kind]), ...own])
  return PROBLEM_CODES.filter((code) => codes.has(code))
}
