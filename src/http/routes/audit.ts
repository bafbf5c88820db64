import { Readable } from 'node:stream'
import { Type } from '@sinclair/typebox'
import { type AuditPage, AuditQuery, ExportQuery } from '../../contract/audit/audit-query.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { AuditExport } from '../../service/audit/export.ts'
import type { Requester } from '../../service/requester.ts'
import type { App } from '../server/app-type.ts'
import { authenticate, type RouteGuards } from '../server/authenticate.ts'
import { sendProblem } from '../server/problems.ts'
import { listProblems } from '../server/route-problems.ts'
import { requesterOf } from '../server/requester.ts'

/** What the routes need: the guards and the use cases. */
export type AuditRoute = RouteGuards & {
  readAudit: (requester: Requester, query: AuditQuery) => Promise<AuditPage | Refusal>
  exportAudit: (requester: Requester, format: 'ndjson' | 'csv', query: AuditQuery) => Promise<AuditExport | Refusal>
}

/** Adds `GET /api/jitsi/audit` and `GET /api/jitsi/audit/export`. */
export function addAudit(app: App, route: AuditRoute): void {
  addRead(app, route)
  addExport(app, route)
}

const SHARED_SCHEMA = { security: [{ apiKey: ['audit:read'] }] }
const guardsOf = ({ identify, limitCaller }: AuditRoute, action: 'audit.read' | 'audit.export') => ({
  config: { action, problems: listProblems(['caller']) },
  preParsing: [authenticate(identify, 'audit:read'), limitCaller],
})

function addRead(app: App, route: AuditRoute): void {
  app.get(
    '/api/jitsi/audit',
    {
      ...guardsOf(route, 'audit.read'),
      schema: {
        operationId: 'readAudit',
        summary: 'Read the audit record',
        description: 'Requires the scope audit:read. Returns the newest entries first. The read itself is recorded.',
        ...SHARED_SCHEMA,
        querystring: AuditQuery,
        response: { 200: Type.Unsafe<AuditPage>(Type.Ref('AuditPage')) },
      },
    },
    async (request, reply) => {
      const page = await route.readAudit(requesterOf(request), request.query)
      return 'code' in page ? sendProblem(request, reply, page) : reply.send(page)
    },
  )
}

function addExport(app: App, route: AuditRoute): void {
  const content = Object.fromEntries(
    ['application/x-ndjson', 'text/csv'].map((type) => [type, { schema: Type.Unsafe<Readable>(Type.String()) }]),
  )
  app.get(
    '/api/jitsi/audit/export',
    {
      ...guardsOf(route, 'audit.export'),
      schema: {
        operationId: 'exportAudit',
        summary: 'Export the audit record, each entry with its hash',
        description: 'Requires the scope audit:read. Streams the newest entries first. The export itself is recorded.',
        ...SHARED_SCHEMA,
        querystring: ExportQuery,
        response: { 200: { description: 'The entries in the requested format', content } },
      },
    },
    async (request, reply) => {
      const { format = 'ndjson', ...query } = request.query
      const found = await route.exportAudit(requesterOf(request), format, query)
      if ('code' in found) return sendProblem(request, reply, found)
      return reply.type(found.format.mediaType).send(Readable.from(found.text))
    },
  )
}
