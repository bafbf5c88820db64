import type { BucketName } from './bucket-name.ts'
import { INVITATION_REASONS, type InvitationReason } from './invitation-reason.ts'
import { enumOf } from './one-of.ts'
import { type Static, Type } from '@sinclair/typebox'
import { PROBLEM_CODES, type ProblemCode } from './problem-codes.ts'

export { PROBLEM_CODES, PROBLEMS, type ProblemCode } from './problem-codes.ts'

/** An invalid field: its JSON pointer (RFC 6901) and the rule that it breaks. It never contains the value. */
export const FieldError = Type.Object(
  {
    pointer: Type.String({
      description:
        'JSON pointer (RFC 6901) to a field of the body, empty for the whole body; otherwise /headers/<name>, /query/<name> or /path/<name>',
    }),
    message: Type.String({ description: 'the rule that the field breaks' }),
  },
  { $id: 'FieldError', description: 'An invalid field and the rule that it breaks.' },
)
export type FieldError = Static<typeof FieldError>

/** A problem document (RFC 9457) with the extension members `code`, `requestId`, `errors`, `opensAt` and `reason`. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'URN of the code' }),
    title: Type.String(),
    status: Type.Integer({ description: 'HTTP status' }),
    code: Type.Unsafe<ProblemCode>(
      Type.String({ enum: PROBLEM_CODES, description: 'stable code for use in programs' }),
    ),
    detail: Type.String({ description: 'what to do next, for people' }),
    requestId: Type.String({ description: 'id of the request in the log and in the audit record' }),
    errors: Type.Optional(
      Type.Array(Type.Unsafe<FieldError>(Type.Ref('FieldError')), {
        description: 'with invalid-request, and with version-required for *',
      }),
    ),
    opensAt: Type.Optional(
      Type.String({ format: 'date-time', description: 'with too-early: when the admission window opens (UTC)' }),
    ),
    reason: Type.Optional(enumOf(INVITATION_REASONS, 'with invitation-invalid: why the code does not work')),
  },
  { $id: 'Problem', description: 'A refusal or an error (RFC 9457).' },
)
export type Problem = Static<typeof Problem>

/** A refusal: a decision against the request, as a value. */
export type Refusal = {
  code: ProblemCode
  /** What to do next, if it is more specific than the detail of the code. */
  detail?: string
  errors?: FieldError[]
  /** How long to wait before a repeated request can succeed, in milliseconds. */
  retryAfterMs?: number
  /** When the admission window opens, in epoch milliseconds. */
  opensAt?: number
  /** The limit that was exceeded. */
  limit?: { name: BucketName; perMinute: number }
  /** The accepted authentication context class references (RFC 9470). */
  acrValues?: readonly string[]
  /** Why an invitation cannot be used. */
  invitationReason?: InvitationReason
}
