import { type Problem, type ProblemCode, PROBLEM_CODES, PROBLEMS } from '../../contract/problem.ts'
import { CODES, type OpenApiDocument, operationsOf, type Reference, reference } from './openapi-document.ts'
import { PROBLEM_TYPE, problemDocument } from './problems.ts'

type ProblemResponse = {
  description: string
  headers: Record<string, Reference>
  content: Record<string, { schema: Reference; examples: Record<string, Reference> }>
  [CODES]: readonly ProblemCode[]
}

/**
 * Replaces the `x-problem-codes` of every operation by its problem responses, one per status. Examples and headers are
 * components, and so is every response that several operations share: otherwise, problems would be three quarters of
 * the text.
 */
export function addProblemResponses(document: OpenApiDocument): void {
  const planned = operationsOf(document).map((operation) => ({
    operation,
    sets: groupByStatus(operation[CODES] ?? []),
  }))
  const uses = Map.groupBy(
    planned.flatMap(({ sets }) => sets),
    (codes) => codes.join(),
  )
  const { components } = document
  components['responses'] = {}
  for (const { operation, sets } of planned) {
    delete operation[CODES]
    for (const codes of sets) {
      const shared = (uses.get(codes.join()) ?? []).length > 1
      const name = componentName(codes)
      if (shared) components['responses'][name] = problemResponse(codes)
      operation.responses[statusOf(codes)] = shared ? reference('responses', name) : problemResponse(codes)
    }
  }
  const used = new Set(planned.flatMap(({ sets }) => sets.flat()))
  components['headers'] = HEADERS
  components['examples'] = Object.fromEntries(
    PROBLEM_CODES.filter((code) => used.has(code)).map((code) => [code, { value: exampleOf(code) }]),
  )
}

/** @returns the codes in the order of their table, one list per status */
function groupByStatus(codes: readonly ProblemCode[]): ProblemCode[][] {
  const ordered = PROBLEM_CODES.filter((code) => codes.includes(code))
  return [...Map.groupBy(ordered, (code) => PROBLEMS[code].status).values()]
}

const statusOf = ([code]: readonly ProblemCode[]): number => (code === undefined ? 500 : PROBLEMS[code].status)

/**
 * @returns a component name that is also a type name in generated clients, such as `UnauthenticatedOrStepUpRequired`
 */
const componentName = (codes: readonly ProblemCode[]): string =>
  codes.map((code) => `-${code}`.replaceAll(/-(.)/g, (_, first: string) => first.toUpperCase())).join('Or')

function problemResponse(codes: readonly ProblemCode[]): ProblemResponse {
  const headers = ['X-Request-Id', ...(STATUS_HEADERS[statusOf(codes)] ?? [])]
  return {
    description: codes.map((code) => `${PROBLEMS[code].title} (\`${code}\`)`).join('; '),
    headers: Object.fromEntries(headers.map((name) => [name, reference('headers', name)])),
    content: {
      [PROBLEM_TYPE]: {
        schema: reference('schemas', 'Problem'),
        examples: Object.fromEntries(codes.map((code) => [code, reference('examples', code)])),
      },
    },
    [CODES]: codes,
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
