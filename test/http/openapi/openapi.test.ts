import Fastify from 'fastify'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { type ProblemCode, PROBLEM_CODES, PROBLEMS } from '../../../src/contract/problem.ts'
import type { TokenRequest } from '../../../src/contract/tokens/token.ts'
import type { App } from '../../../src/http/server/app-type.ts'
import { addBasePath } from '../../../src/http/server/base-path.ts'
import { addOpenApi } from '../../../src/http/openapi/openapi.ts'
import { listProblems } from '../../../src/http/server/route-problems.ts'
import { startService } from '../../kit.ts'

const FILE = fileURLToPath(new URL('../../../openapi.yaml', import.meta.url))
const PACKAGE = fileURLToPath(new URL('../../../package.json', import.meta.url))
/** Bytes per operation: a document that few tools can show is one that nobody reads. */
const MAX_BYTES_PER_OPERATION = 3800

type Reference = { $ref: string }
type ProblemResponse = {
  description: string
  content?: { 'application/problem+json'?: { examples: Record<string, Reference> } }
}
type Operation = {
  operationId: string
  tags: string[]
  responses: Record<string, ProblemResponse | (Reference & { description?: string })>
}
type Description = {
  info: { version: string }
  tags: { name: string; description: string }[]
  paths: Record<string, Record<string, Operation>>
  components: {
    schemas: Record<string, { examples?: unknown[] }>
    responses: Record<string, ProblemResponse>
    examples: Record<string, { value: { status: number; code: string } }>
  }
}

let parsed: Description | undefined
/** Reads the file once, after the test that may rewrite it. */
const readDescription = (): Description => (parsed ??= parse(readFileSync(FILE, 'utf8')) as Description)
const operationsOf = ({ paths }: Description) => Object.values(paths).flatMap((path) => Object.values(path))

/** The problem responses of an operation by status, with their references resolved; `default` as one per status. */
function problemResponsesOf(
  { responses }: Operation,
  { components }: Description,
): [status: number, ProblemResponse][] {
  return Object.entries(responses)
    .flatMap(([status, response]): [number, ProblemResponse][] => {
      if (!('$ref' in response)) return [[Number(status), response]]
      const resolved = components.responses[response.$ref.replace('#/components/responses/', '')]
      if (resolved === undefined) throw new Error(`${response.$ref} does not exist`)
      const description = response.description ?? resolved.description
      if (status !== 'default') return [[Number(status), { ...resolved, description }]]
      const statuses = [...description.matchAll(/\b(\d{3}) ([^;]+)/g)]
      return statuses.map(([, each, codes = '']) => [Number(each), { ...resolved, description: codes }])
    })
    .filter(([, response]) => response.content?.['application/problem+json'] !== undefined)
}

/** The problem codes that a description names. */
const codesIn = ({ description }: ProblemResponse) =>
  [...description.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code as ProblemCode)

it('openapi.yaml is what the routes say (UPDATE=1 npm test rewrites it)', async () => {
  const { app } = await startService()
  const served = (await app.inject('/openapi.yaml')).body
  if (process.env['UPDATE'] === '1') writeFileSync(FILE, served)
  expect(readFileSync(FILE, 'utf8')).toBe(served)
})

it(`openapi.yaml has at most ${MAX_BYTES_PER_OPERATION} bytes per operation`, () => {
  const count = operationsOf(readDescription()).length
  expect(readFileSync(FILE).length / count).toBeLessThanOrEqual(MAX_BYTES_PER_OPERATION)
})

it('a reader of YAML 1.1 and one of YAML 1.2 read the same document', () => {
  const text = readFileSync(FILE, 'utf8')
  expect(parse(text, { version: '1.1' })).toStrictEqual(parse(text))
  expect(text).toContain('startsAt: "2026-11-23T10:00:00Z"')
})

it('its version is the version of the package', () => {
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }
  expect(readDescription().info.version).toBe(version)
})

it('every operation has one of the declared tags, and every tag a description and an operation', () => {
  const description = readDescription()
  const operations = operationsOf(description)
  expect(operations.filter(({ tags }) => tags.length !== 1)).toStrictEqual([])
  expect(description.tags.map(({ name }) => name).toSorted()).toStrictEqual(
    [...new Set(operations.flatMap(({ tags }) => tags))].toSorted(),
  )
  expect(description.tags.filter(({ description: text }) => text === '')).toStrictEqual([])
})

it('every code is listed under its status, except the code of methods that no path has', () => {
  const description = readDescription()
  const responses = operationsOf(description).flatMap((operation) => problemResponsesOf(operation, description))
  const listed = responses.flatMap(([status, response]) => codesIn(response).map((code) => `${status} ${code}`))
  const expected = PROBLEM_CODES.filter((code) => code !== 'method-not-allowed')
  expect([...new Set(listed)].toSorted()).toStrictEqual(
    expected.map((code) => `${PROBLEMS[code].status} ${code}`).toSorted(),
  )
})

it('every problem response names codes of its status, and has an example of each', () => {
  const description = readDescription()
  const { examples } = description.components
  const responses = operationsOf(description).flatMap((operation) => problemResponsesOf(operation, description))
  for (const [status, response] of responses) {
    const references = response.content?.['application/problem+json']?.examples ?? {}
    expect(codesIn(response)).not.toHaveLength(0)
    for (const code of codesIn(response)) {
      expect(references[code]).toStrictEqual({ $ref: `#/components/examples/${code}` })
      expect(examples[code]?.value).toMatchObject({ status, code })
    }
  }
})

it('an operation has the codes that its route declares, under their statuses', async () => {
  const app = Fastify() as unknown as App
  addBasePath(app, '')
  await addOpenApi(app)
  const declared: Record<string, ProblemCode[]> = {
    readAll: ['not-found'],
    readOwn: listProblems(['caller'], ['consultation-not-found']),
    writeOwn: listProblems(['caller', 'body', 'entry'], ['room-not-allowed']),
    writeAll: listProblems(['caller', 'body', 'entry']),
  }
  for (const [operationId, problems] of Object.entries(declared))
    app.get(`/${operationId}`, { config: { problems }, schema: { operationId } }, () => 'ok')
  await app.ready()
  const description = parse(app.swagger({ yaml: true })) as Description
  await app.close()
  for (const operation of operationsOf(description)) {
    const responses = problemResponsesOf(operation, description)
    const codes = new Set(responses.flatMap(([, response]) => codesIn(response)))
    const expected = declared[operation.operationId] ?? []
    expect(expected.filter((code) => !codes.has(code))).toStrictEqual([])
    const { default: common, ...own } = operation.responses
    expect(common === undefined).toBe(!expected.includes('fault'))
    const ownCodes = problemResponsesOf({ ...operation, responses: own }, description).flatMap(([, each]) =>
      codesIn(each),
    )
    expect(ownCodes.filter((code) => !expected.includes(code))).toStrictEqual([])
    for (const [status, response] of responses)
      for (const code of codesIn(response)) expect(PROBLEMS[code].status).toBe(status)
  }
  expect(Object.keys(description.components.responses)).toContain('OtherProblem')
})

it('its example of a request is answered with a token', async () => {
  const { client } = await startService()
  const [example] = readDescription().components.schemas['TokenRequest']?.examples ?? []
  await expect(client.issueToken(example as TokenRequest)).resolves.toMatchObject({ userRole: 'doctor' })
})
