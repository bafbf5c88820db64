import { STATUS_CODES } from 'node:http'
import { type Problem, type ProblemCode, PROBLEM_CODES, PROBLEMS } from '../../contract/problem.ts'
import { CODES, type OpenApiDocument, operationsOf, type Reference, reference } from './document.ts'
import { PROBLEM_TYPE, problemDocument } from '../server/problems.ts'

type ProblemResponse = {
  description: string
  headers: Record<string, Reference>
  content: Record<string, { schema: Reference; examples: Record<string, Reference> }>
}

/** Problems that do not depend on the operation. An operation with further codes of their status lists that status in full. */
const COMMON_CODES: ReadonlySet<ProblemCode> = new Set([
  ...(['request-timeout', 'payload-too-large', 'unsupported-media-type', 'unsupported-content-encoding'] as const),
  ...(['expectation-failed', 'headers-too-large'] as const),
  ...(['client-aborted', 'fault', 'record-unavailable', 'shutting-down'] as const),
])

/** The component for `COMMON_CODES`: the response `default` of an operation. */
const COMMON_NAME = 'OtherProblem'

/**
 * Replaces the `x-problem-codes` of every operation by its problem responses. The responses are components, one per status;
 * an operation that has only some of the codes names them in the description beside its reference (OpenAPI 3.1, Reference
 * Object). The problems that do not depend on the operation are its response `default`. Otherwise, problems would be three
 * quarters of the text.
 */
export function addProblemResponses(document: OpenApiDocument): void {
  const planned = operationsOf(document).map((operation) => ({ operation, codes: operation[CODES] ?? [] }))
  const used = new Set(planned.flatMap(({ codes }) => codes))
  const components = new Map(groupByStatus(used).map(([status, codes]) => [status, problemResponse(status, codes)]))
  for (const { operation, codes } of planned) {
    delete operation[CODES]
    for (const [status, ofStatus] of groupByStatus(new Set(codes))) {
      if (ofStatus.every((code) => COMMON_CODES.has(code))) {
        operation.responses['default'] = reference('responses', COMMON_NAME)
        continue
      }
      const description = describe(ofStatus)
      const response: Reference & { description?: string } = reference('responses', componentName(status))
      if (description !== components.get(status)?.description) response.description = description
      operation.responses[status] = response
    }
  }
  const isListed = (name: string) => planned.some(({ operation }) => hasReference(operation.responses, name))
  const named = [...components].map(([status, response]) => [componentName(status), response] as const)
  document.components['responses'] = Object.fromEntries([
    ...named.filter(([name]) => isListed(name)),
    [COMMON_NAME, commonResponse(used)] as const,
  ])
  document.components['headers'] = HEADERS
  document.components['examples'] = Object.fromEntries(
    PROBLEM_CODES.filter((code) => used.has(code)).map((code) => [code, { value: exampleOf(code) }]),
  )
}

/** Whether one of the responses of an operation is a reference to a component. */
const hasReference = (responses: object, name: string): boolean =>
  Object.values(responses).some((each: { $ref?: string }) => each.$ref?.endsWith(`/${name}`))

/** The response `default`: its description names the codes of each status. @param used the codes that an operation has */
function commonResponse(used: ReadonlySet<ProblemCode>): ProblemResponse {
  const codes = PROBLEM_CODES.filter((code) => COMMON_CODES.has(code) && used.has(code))
  const statuses = groupByStatus(new Set(codes)).map(([status, ofStatus]) => `${status} ${describe(ofStatus)}`)
  const headers = new Set([
    'X-Request-Id' as const,
    ...codes.flatMap((code) => STATUS_HEADERS[PROBLEMS[code].status] ?? []),
  ])
  return problemResponseOf(`Any operation: ${statuses.join('; ')}`, [...headers], codes)
}

/** @returns the codes in the order of their table, by status */
const groupByStatus = (codes: ReadonlySet<ProblemCode>): [status: number, ProblemCode[]][] => [
  ...Map.groupBy(
    PROBLEM_CODES.filter((code) => codes.has(code)),
    (code) => PROBLEMS[code].status,
  ),
]

/** @returns the reason phrase of the status as a type name in generated clients, such as `BadRequest` */
const componentName = (status: number): string =>
  (STATUS_CODES[status] ?? `Status ${status}`).replaceAll(/[^A-Za-z0-9]/g, '')

const describe = (codes: readonly ProblemCode[]): string => codes.map((code) => `\`${code}\``).join(', ')

const problemResponse = (status: number, codes: readonly ProblemCode[]): ProblemResponse =>
  problemResponseOf(describe(codes), ['X-Request-Id', ...(STATUS_HEADERS[status] ?? [])], codes)

function problemResponseOf(
  description: string,
  headers: readonly (keyof typeof HEADERS)[],
  codes: readonly ProblemCode[],
): ProblemResponse {
  return {
    description,
    headers: Object.fromEntries(headers.map((name) => [name, reference('headers', name)])),
    content: {
      [PROBLEM_TYPE]: {
        schema: reference('schemas', 'Problem'),
        examples: Object.fromEntries(codes.map((code) => [code, reference('examples', code)])),
      },
    },
  }
}

const header = (description: string) => ({ description, schema: { type: 'string' } })

const HEADERS = {
  'X-Request-Id': header('Identifies the request in the log and in the audit record'),
  'WWW-Authenticate': header('The Bearer challenge (RFC 6750)'),
  'Retry-After': header('Seconds to wait before the next attempt'),
  'RateLimit-Policy': header('The limits that apply: q requests in w seconds'),
  RateLimit: header('What remains of each limit: r requests now, all q again in t seconds'),
}

/** Headers of a problem response in addition to X-Request-Id, by status. */
const STATUS_HEADERS: Record<number, (keyof typeof HEADERS)[]> = {
  401: ['WWW-Authenticate'],
  429: ['Retry-After', 'RateLimit-Policy', 'RateLimit'],
  503: ['Retry-After'],
}

function exampleOf(code: ProblemCode): Problem {
  const errors = [{ pointer: '/userRole', message: 'must be one of the roles of the policy' }]
  const requestId = '7b0c2f0e-7d0a-4c5e-9a53-0f3a2d1e6c88'
  return problemDocument(code === 'invalid-request' ? { code, errors } : { code }, requestId)
}
