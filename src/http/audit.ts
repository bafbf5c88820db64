import { Type } from '@sinclair/typebox'
import { type AuditPage, AuditQuery } from '../contract/audit-query.ts'
import { PROBLEM_CODES, type Refusal } from '../contract/problem.ts'
import type { Asking } from '../service/issue-token.ts'
import type { App } from './app-type.ts'
import { authenticate, type Identify } from './caller.ts'
import type { limit } from './limits.ts'
import { sendProblem } from './problems.ts'
import { askingOf } from './tokens.ts'

/** What the route needs: who calls, how often they may, and the verb. */
export type AuditRoute = {
  identify: Identify
  limitCaller: Awaited<ReturnType<typeof limit>>
  readAudit: (asking: Asking, query: AuditQuery) => Promise<AuditPage | Refusal>
}

const CODES = new Set([
  ...['malformed-request', 'invalid-request', 'unauthenticated', 'step-up-required', 'scope-missing', 'rate-limited'],
  ...['headers-too-large', 'fault', 'record-unavailable', 'identity-provider-unavailable', 'shutting-down'],
])

/** Adds `GET /api/jitsi/audit`. */
export function addAudit(app: App, { identify, limitCaller, readAudit }: AuditRoute): void {
  app.get(
    '/api/jitsi/audit',
    {
      config: { problems: PROBLEM_CODES.filter((code) => CODES.has(code)) },
      preParsing: [authenticate(identify, 'audit:read'), limitCaller],
      schema: {
        operationId: 'readAudit',
        summary: 'Read the record',
        description: 'Needs the scope audit:read. Newest first; that it was read is recorded too.',
        tags: ['audit'],
        security: [{ apiKey: ['audit:read'] }],
        querystring: AuditQuery,
        response: { 200: Type.Unsafe<AuditPage>(Type.Ref('AuditPage')) },
      },
    },
    async (request, reply) => {
      const page = await readAudit(askingOf(request), request.query)
      return 'code' in page ? sendProblem(request, reply, page) : reply.send(page)
    },
  )
}
