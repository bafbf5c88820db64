import { type Static, Type } from '@sinclair/typebox'
import { timestampInput } from '../timestamp.ts'

/** The most entries that one answer holds, and how many it holds unless told otherwise. */
export const MAX_AUDIT_LIMIT = 1000
export const DEFAULT_AUDIT_LIMIT = 100

const text = (description: string, maxLength = 255) =>
  Type.Optional(Type.String({ minLength: 1, maxLength, description }))
const time = (description: string) => Type.Optional(timestampInput(description))

/** The query of `GET /api/jitsi/audit`. Values come as text; what they mean is checked in rules. */
export const AuditQuery = Type.Object(
  {
    from: time('the earliest'),
    to: time('the latest, itself not included'),
    room: text('of this room', 128),
    userId: text('of this user'),
    caller: text('of this caller'),
    action: text('of this action, such as token.issue', 64),
    outcome: text('of this outcome: issued, refused, waiting or done', 16),
    jti: text('of the token with this id', 64),
    consultation: text('of the consultation with this id', 64),
    limit: Type.Optional(
      Type.String({
        pattern: '^[1-9]\\d{0,3}$',
        description: `a whole number from 1 to ${MAX_AUDIT_LIMIT}; ${DEFAULT_AUDIT_LIMIT} without it`,
      }),
    ),
    cursor: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9_-]{1,256}$', description: 'nextCursor of the answer before' }),
    ),
  },
  { additionalProperties: false },
)
export type AuditQuery = Static<typeof AuditQuery>

const { limit: _limit, cursor: _cursor, ...filters } = AuditQuery.properties

/** The query of `GET /api/jitsi/audit/export`: the same filters, and how it is written down. */
export const ExportQuery = Type.Object(
  {
    ...filters,
    format: Type.Optional(
      Type.Unsafe<'ndjson' | 'csv'>(
        Type.String({ enum: ['ndjson', 'csv'], description: 'ndjson or csv; ndjson without it' }),
      ),
    ),
  },
  { additionalProperties: false },
)
export type ExportQuery = Static<typeof ExportQuery>

const optional = () => Type.Optional(Type.String())

/** An entry as an auditor reads it. */
export const AuditRow = Type.Object(
  {
    time: Type.String({ format: 'date-time', description: 'ISO 8601, UTC' }),
    chain: Type.String(),
    sequence: Type.Integer(),
    requestId: Type.String(),
    traceId: optional(),
    address: optional(),
    caller: Type.String(),
    onBehalfOf: optional(),
    action: Type.String(),
    outcome: Type.String(),
    code: optional(),
    consultation: optional(),
    invitation: optional(),
    room: optional(),
    userId: optional(),
    role: optional(),
    jti: optional(),
    renews: optional(),
    kid: optional(),
    lifetimeSeconds: Type.Optional(Type.Integer()),
    hash: Type.String({ description: 'hex SHA-256, as README.md describes it' }),
  },
  { $id: 'AuditRow', description: 'An entry of the record.' },
)
export type AuditRow = Static<typeof AuditRow>

/** A page of the record, newest first. */
export const AuditPage = Type.Object(
  {
    entries: Type.Array(Type.Unsafe<AuditRow>(Type.Ref('AuditRow'))),
    nextCursor: Type.Optional(Type.String({ description: 'ask with it for what is older; absent at the end' })),
  },
  { $id: 'AuditPage', description: 'A page of the record, newest first.' },
)
export type AuditPage = Static<typeof AuditPage>
