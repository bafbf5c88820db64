import type { FastifyReply, FastifyRequest, FastifySchemaValidationError } from 'fastify'
import { type FieldError, type Problem, type ProblemCode, PROBLEMS, type Refusal } from '../../contract/problem.ts'
import { toIso } from '../../rules/time.ts'
import { ServiceFault } from '../../service/fault.ts'
import type { App } from './app-type.ts'

/** A refusal on its way to the caller. */
export class HttpProblem extends Error {
  override name = 'HttpProblem'
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.code)
    this.refusal = refusal
  }
}

/** When to ask again, where nothing more is known. */
export const RETRY_SECONDS = {
  overloaded: 1,
  'identity-provider-unavailable': 5,
  'record-unavailable': 5,
  'conference-unavailable': 5,
  'shutting-down': 1,
} as const satisfies Partial<Record<ProblemCode, number>>

/** The media type of problem documents (RFC 9457, section 6.1). */
export const PROBLEM_TYPE = 'application/problem+json'

/** The document that tells a refusal; it never holds what the request said. */
export function problemDocument({ code, errors, opensAt }: Refusal, requestId: string): Problem {
  const { status, title, detail } = PROBLEMS[code]
  return {
    type: `urn:problem-type:jitsi-token-service:${code}`,
    title,
    status,
    code,
    detail,
    requestId,
    ...(errors === undefined ? {} : { errors }),
    ...(opensAt === undefined ? {} : { opensAt: toIso(opensAt) }),
  }
}

/** Answers with a problem, and leaves its code for the request's log line. */
export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
  cause?: unknown,
): FastifyReply {
  request.problem = { code: refusal.code, cause }
  const retryMs =
    refusal.retryAfterMs ?? ((RETRY_SECONDS as Partial<Record<ProblemCode, number>>)[refusal.code] ?? 0) * 1000
  if (retryMs > 0) reply.header('retry-after', Math.ceil(retryMs / 1000))
  const document = problemDocument(refusal, request.id)
  return reply.code(document.status).type(PROBLEM_TYPE).send(JSON.stringify(document))
}

/** Keeps the refusal of a known caller in the record. */
export type RecordRefusal = (request: FastifyRequest, code: ProblemCode) => Promise<void>

/**
 * The one place where an exception becomes a status. What a known caller is refused here, before the service was asked, is
 * recorded first; where that fails, the answer is 503 `record-unavailable`.
 */
export function handleErrors(app: App, record: RecordRefusal): void {
  app.setErrorHandler(async (error, request, reply) => {
    const refusal = toRefusal(error)
    if (request.caller === null || PROBLEMS[refusal.code].status >= 500)
      return sendProblem(request, reply, refusal, error)
    try {
      await record(request, refusal.code)
    } catch (fault) {
      return sendProblem(request, reply, toRefusal(fault), fault)
    }
    return sendProblem(request, reply, refusal)
  })
}

const FRAMEWORK_CODES: Record<string, ProblemCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
}

function toRefusal(error: unknown): Refusal {
  if (error instanceof HttpProblem) return error.refusal
  if (error instanceof ServiceFault) return { code: error.code }
  const { validation, validationContext, code, statusCode } = error as Partial<{
    validation: FastifySchemaValidationError[]
    validationContext: string
    code: string
    statusCode: number
  }>
  if (validation !== undefined)
    return {
      code: 'invalid-request',
      errors: fieldErrors(validation, ROOTS[validationContext ?? ''] ?? ''),
    }
  if (code === undefined || statusCode === undefined || statusCode >= 500) return { code: 'fault' }
  return { code: FRAMEWORK_CODES[code] ?? 'malformed-request' }
}

/** What stands before the pointer of a field that is not one of the body. */
const ROOTS: Record<string, string> = { headers: '/headers', querystring: '/query', params: '/path' }

const MAX_FIELD_ERRORS = 16

/** @param root what stands before their pointers; of the body nothing */
function fieldErrors(validation: readonly FastifySchemaValidationError[], root: string): FieldError[] {
  const errors = new Map<string, FieldError>()
  for (const each of validation) {
    const error = fieldError({ ...each, instancePath: `${root}${each.instancePath}` })
    if (!errors.has(error.pointer)) errors.set(error.pointer, error)
  }
  return [...errors.values()].slice(0, MAX_FIELD_ERRORS)
}

/** The name of an unknown field is told only where it looks like one: anything could stand there, a key among others. */
const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,31}$/

function fieldError({ keyword, instancePath, params, ...rest }: FastifySchemaValidationError): FieldError {
  if (keyword === 'required') {
    return { pointer: `${instancePath}/${String(params.missingProperty)}`, message: 'is missing' }
  }
  if (keyword === 'additionalProperties') {
    const name = String(params.additionalProperty)
    const message = 'is not a field of this request; remove it'
    return { pointer: PLAIN_NAME.test(name) ? `${instancePath}/${name}` : instancePath, message }
  }
  if (instancePath === '') return { pointer: '', message: 'must be one JSON object' }
  // With Ajv's `verbose`, the schema that was broken is at hand; its description is the rule in words.
  const { description } = (rest as { parentSchema?: { description?: string } }).parentSchema ?? {}
  return { pointer: instancePath, message: `must be ${description ?? 'valid'}` }
}
