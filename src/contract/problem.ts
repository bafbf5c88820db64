import type { BucketName } from './bucket-name.ts'
import { type Static, Type } from '@sinclair/typebox'
import { PROBLEM_CODES, type ProblemCode } from './problem-codes.ts'

export { PROBLEM_CODES, PROBLEMS, type ProblemCode } from './problem-codes.ts'

/** A bad field: a JSON pointer (RFC 6901) into the body, and the rule that it breaks; never the value. */
export const FieldError = Type.Object(
  {
    pointer: Type.String({
      description:
        'JSON pointer (RFC 6901) to the bad field of the body, empty for all of it; /headers/<name> for a header, /query/<name> for a parameter',
    }),
    message: Type.String({ description: 'the rule that the field breaks' }),
  },
  { $id: 'FieldError', description: 'A bad field and the rule that it breaks.' },
)
export type FieldError = Static<typeof FieldError>

/** A problem document (RFC 9457) with the members `code`, `requestId` and, for bad fields, `errors`. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'URN of the code' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.Unsafe<ProblemCode>(Type.String({ enum: PROBLEM_CODES, description: 'the code to program against' })),
    detail: Type.String({ description: 'what to do next' }),
    requestId: Type.String({ description: 'names the request in the log and in the audit record' }),
    errors: Type.Optional(Type.Array(Type.Unsafe<FieldError>(Type.Ref('FieldError')))),
    opensAt: Type.Optional(
      Type.String({ format: 'date-time', description: 'when the door opens, with too-early; ISO 8601, UTC' }),
    ),
  },
  { $id: 'Problem', description: 'Why a request was not served (RFC 9457).' },
)
export type Problem = Static<typeof Problem>

/** A refusal: a decision against the request, as a value. */
export type Refusal = {
  code: ProblemCode
  errors?: FieldError[]
  /** When asking again makes sense, in milliseconds. */
  retryAfterMs?: number
  /** When the door opens, in epoch milliseconds. */
  opensAt?: number
  /** The limit that was passed. */
  limit?: { name: BucketName; perMinute: number }
  /** The authentication contexts that would do (RFC 9470). */
  acrValues?: readonly string[]
}
