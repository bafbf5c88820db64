import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AuditEntry, Origin } from '../../contract/audit/audit-entry.ts'
import type { BucketName } from '../../contract/bucket-name.ts'
import type { ProblemCode } from '../../contract/problem.ts'
import type { RejectionReason } from '../../contract/rejection-reason.ts'
import type { Caller } from '../../rules/policy/policy.ts'

/** The Fastify instance; the types of requests and responses come from the schemas of a route. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

declare module 'fastify' {
  interface FastifyRequest {
    /** The authenticated caller; null before authentication. */
    caller: Caller | null
    /** The client address, from which rate limits and the audit record derive the network; empty if it is unknown. */
    clientAddress: string
    /** The origin of the request for the audit record; null before the first hook. */
    origin: Origin | null
    /** Why the credential of the request was rejected, for its log line; null if it was not. */
    rejectionReason: RejectionReason | null
    /** The problem that the request was answered with, for its log line. */
    problem: { code: ProblemCode; cause?: unknown } | null
  }
  interface FastifyContextConfig {
    /**
     * The rate limit bucket per address. Without it, the default bucket; `keys` for verifiers, which share few
     * addresses; `none` for probes, because an orchestrator that receives 429 restarts a healthy service.
     */
    bucket?: Extract<BucketName, 'keys'> | 'none'
    /** The audit action that is recorded when an authenticated caller is refused before a use case runs. */
    action?: AuditEntry['action']
    /** Set if the route signs a token; such a request is rejected early while the signing queue is full. */
    signs?: true
  }
}
