import { type Static, Type } from '@sinclair/typebox'
import { timestampParameter } from '../timestamp.ts'
import { NextCursor, pageParameters } from '../page.ts'

/** The maximum and the default number of entries per page. */
export const MAX_AUDIT_LIMIT = 1000
export const DEFAULT_AUDIT_LIMIT = 100

const filter = (description: string, maxLength = 255) =>
  Type.Optional(Type.String({ minLength: 1, maxLength, description: `${description} of 1 to ${maxLength} characters` }))

/** The query of `GET /api/jitsi/audit`. Values are strings; src/rules/audit/query.ts parses them. */
export const AuditQuery = Type.Object(
  {
    from: Type.Optional(timestampParameter('the start of the period, inclusive')),
    to: Type.Optional(timestampParameter('the end of the period, exclusive')),
    room: filter('a room name', 128),
    userId: filter('a user id'),
    caller: filter('a caller id', 512),
    action: filter('an action, such as token.issue,', 64),
    outcome: filter('an outcome (issued, refused, waiting or done)', 16),
    jti: filter('a token id', 64),
    consultation: filter('a consultation id', 64),
    ...pageParameters(DEFAULT_AUDIT_LIMIT, MAX_AUDIT_LIMIT),
  },
  { additionalProperties: false },
)
export type AuditQuery = Static<typeof AuditQuery>

const { limit: _limit, cursor: _cursor, ...filters } = AuditQuery.properties

/** The query of `GET /api/jitsi/audit/export`: the same filters, and the output format. */
export const ExportQuery = Type.Object(
  {
    ...filters,
    format: Type.Optional(
      Type.Unsafe<'ndjson' | 'csv'>(
        Type.String({ enum: ['ndjson', 'csv'], description: 'ndjson or csv; default: ndjson' }),
      ),
    ),
  },
  { additionalProperties: false },
)
export type ExportQuery = Static<typeof ExportQuery>

const optional = (description?: string) => Type.Optional(Type.String(description === undefined ? {} : { description }))

/** An entry as the API returns it. */
export const AuditRow = Type.Object(
  {
    time: Type.String({ format: 'date-time', description: 'when the entry was written (UTC)' }),
    chain: Type.String({ description: 'id of the hash chain' }),
    sequence: Type.Integer({ description: 'position in the chain, from 1' }),
    requestId: Type.String({ description: 'id that the service gave to the request' }),
    clientRequestId: optional('X-Request-Id of the request, chosen by the client'),
    traceId: optional(),
    address: optional('client address, as AUDIT_ADDRESS permits'),
    caller: Type.String({
      description: 'id in the policy, issuer of a signed-in user, invitation:<id>, cli:operator, or - if unknown',
    }),
    onBehalfOf: optional('value of X-On-Behalf-Of, or the signed-in user of a request about another person'),
    action: Type.String(),
    outcome: Type.String({ description: 'issued, refused, waiting or done' }),
    code: optional('problem code of a refusal'),
    consultation: optional('id of the consultation'),
    invitation: optional('id of the invitation'),
    room: optional(),
    userId: optional(),
    role: optional(),
    jti: optional('id of the token'),
    renews: optional('jti of the renewed token'),
    kid: optional('id of the signing key'),
    lifetimeSeconds: Type.Optional(Type.Integer()),
    document: optional('id of the text that a person was shown: a notice or a request for consent'),
    undoes: optional('<chain>:<sequence> of the entry that did not take effect'),
    count: Type.Optional(Type.Integer({ description: 'number of requests of this entry; absent for one' })),
    hash: Type.String({ description: 'hex SHA-256 of the entry, see docs/audit.md' }),
  },
  { $id: 'AuditRow', description: 'An entry of the audit record.' },
)
export type AuditRow = Static<typeof AuditRow>

/** A page of audit entries, newest first. */
export const AuditPage = Type.Object(
  {
    entries: Type.Array(Type.Unsafe<AuditRow>(Type.Ref('AuditRow'))),
    nextCursor: NextCursor,
  },
  { $id: 'AuditPage', description: 'A page of audit entries, newest first.' },
)
export type AuditPage = Static<typeof AuditPage>
