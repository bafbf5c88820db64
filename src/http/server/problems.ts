import type { FastifyReply, FastifyRequest, FastifySchemaValidationError } from 'fastify'
import { type FieldError, type Problem, type ProblemCode, PROBLEMS, type Refusal } from '../../contract/problem.ts'
import { nextStepOf } from '../../contract/next-steps.ts'
import { invitationIdIn } from '../../rules/invitations/invitation.ts'
import type { Caller } from '../../rules/policy/policy.ts'
import { toIso } from '../../rules/time.ts'
import { ServiceFault } from '../../service/fault.ts'
import type { App } from './app-type.ts'

/** Carries a refusal to the error handler. */
export class HttpProblem extends Error {
  override name = 'HttpProblem'
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.code)
    this.refusal = refusal
  }
}

/** Retry-After per code, in seconds, for refusals that do not set `retryAfterMs`. */
export const RETRY_SECONDS = {
  overloaded: 1,
  'identity-provider-unavailable': 5,
  'record-unavailable': 5,
  'conference-unavailable': 5,
  'shutting-down': 1,
} as const satisfies Partial<Record<ProblemCode, number>>

/** The challenge without an error code (RFC 6750, section 3). Each 401 needs one (RFC 9110, section 15.5.2). */
export const CHALLENGE = 'Bearer realm="jitsi-token-service"'

/** The media type of problem documents (RFC 9457, section 6.1). */
export const PROBLEM_TYPE = 'application/problem+json'

/** @returns the problem document of a refusal; it never contains a value of the request */
export function problemDocument(refusal: Refusal, requestId: string): Problem {
  const { code, detail = PROBLEMS[code].detail, errors, opensAt, invitationReason } = refusal
  const { status, title } = PROBLEMS[code]
  return {
    type: `urn:problem-type:jitsi-token-service:${code}`,
    title,
    status,
    code,
    detail,
    requestId,
    ...(errors === undefined ? {} : { errors }),
    ...(opensAt === undefined ? {} : { opensAt: toIso(opensAt) }),
    ...(invitationReason === undefined ? {} : { reason: invitationReason }),
  }
}

/** Answers with a problem document and stores its code for the log line of the request. */
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
  const document = problemDocument({ ...nextStepFor(request.caller, refusal.code), ...refusal }, request.id)
  if (document.status === 401 && !reply.hasHeader('www-authenticate')) reply.header('www-authenticate', CHALLENGE)
  // RFC 9110, section 15.5.16.
  if (refusal.code === 'unsupported-content-encoding') reply.header('accept-encoding', 'identity')
  return reply.code(document.status).type(PROBLEM_TYPE).send(JSON.stringify(document))
}

/** A request without a caller that is refused for what is in this table has a link or a token of a meeting. */
function nextStepFor(caller: Caller | null, code: ProblemCode): Pick<Refusal, 'detail'> {
  const isInvitee = caller === null || invitationIdIn(caller.id) !== undefined
  const detail = nextStepOf(code, isInvitee ? 'invitee' : caller.user === undefined ? 'backend' : 'user')
  return detail === undefined ? {} : { detail }
}

/** Writes the refusal of an authenticated caller to the audit record. */
export type RecordRefusal = (request: FastifyRequest, code: ProblemCode) => Promise<void>

/**
 * Sets the only error handler, which turns exceptions into problem documents. A refusal of an authenticated caller is
 * written to the audit record before it is answered; if that fails, the answer is 503 `record-unavailable`.
 */
export function handleErrors(app: App, record: RecordRefusal): void {
  app.setErrorHandler(async (error, request, reply) => {
    const refusal = toRefusal(error)
    if (request.caller === null || PROBLEMS[refusal.code].status >= 500)
      return sendProblem(request, reply, refusal, error)
    try {
      await record(request, refusal.code)
    } catch (recordError) {
      return sendProblem(request, reply, toRefusal(recordError), recordError)
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
      errors: toFieldErrors(validation, ROOTS[validationContext ?? ''] ?? ''),
    }
  if (code === undefined || statusCode === undefined || statusCode >= 500) return { code: 'fault' }
  return { code: FRAMEWORK_CODES[code] ?? 'malformed-request' }
}

/** Prefixes of the pointers to fields outside the body. */
const ROOTS: Record<string, string> = { headers: '/headers', querystring: '/query', params: '/path' }

const MAX_FIELD_ERRORS = 16

/** @param root prefix of the pointers; empty for the body */
function toFieldErrors(validation: readonly FastifySchemaValidationError[], root: string): FieldError[] {
  const errors = new Map<string, FieldError>()
  for (const each of validation) {
    const error = toFieldError({ ...each, instancePath: `${root}${each.instancePath}` })
    if (!errors.has(error.pointer)) errors.set(error.pointer, error)
  }
  return [...errors.values()].slice(0, MAX_FIELD_ERRORS)
}

/** Names of unknown fields that are repeated in an answer; any other text may be a secret, for example an API key. */
const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,31}$/

function toFieldError({ keyword, instancePath, params, ...rest }: FastifySchemaValidationError): FieldError {
  if (keyword === 'required') {
    return { pointer: `${instancePath}/${String(params.missingProperty)}`, message: 'is missing' }
  }
  if (keyword === 'additionalProperties') {
    const name = String(params.additionalProperty)
    const message = 'is not a field of this request; remove it'
    return { pointer: PLAIN_NAME.test(name) ? `${instancePath}/${name}` : instancePath, message }
  }
  if (instancePath === '') return { pointer: '', message: 'must be one JSON object' }
  // The option `verbose` of Ajv adds the schema that failed; its description states the rule.
  const { description } = (rest as { parentSchema?: { description?: string } }).parentSchema ?? {}
  return { pointer: instancePath, message: `must be ${description ?? 'valid'}` }
}
