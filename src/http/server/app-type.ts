import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AuditEntry, Origin } from '../../contract/audit/audit-entry.ts'
import type { BucketName } from '../../contract/bucket-name.ts'
import type { ProblemCode } from '../../contract/problem.ts'
import type { Caller } from '../../rules/policy/policy.ts'

/** The Fastify instance, with request and answer types taken from the schemas of a route. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; null until authenticated. */
    caller: Caller | null
    /** Where it came from, for the record; null before the first hook. */
    origin: Origin | null
    /** Why the request was not served, for its log line. */
    problem: { code: ProblemCode; cause?: unknown } | null
  }
  interface FastifyContextConfig {
    /**
     * The limit of its client address that a request counts against: `address` if this is absent. `keys` is for token verifiers,
     * which come from few addresses. `none` is for probes: an orchestrator that gets 429 would kill a healthy instance.
     */
    bucket?: Extract<BucketName, 'keys'> | 'none'
    /** What the record calls it when a known caller is refused before the service was asked. */
    action?: AuditEntry['action']
    /** Whether a signature is made for it; then it is refused early where the queue is full. */
    signs?: true
  }
}
