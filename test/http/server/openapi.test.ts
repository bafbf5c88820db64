import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { PROBLEM_CODES, PROBLEMS } from '../../../src/contract/problem.ts'
import type { TokenRequest } from '../../../src/contract/tokens/token.ts'
import { startService } from '../../kit.ts'

const FILE = fileURLToPath(new URL('../../../openapi.yaml', import.meta.url))

type Description = {
  paths: Record<
    string,
    Record<string, { responses: Record<string, { content: Record<string, { examples?: object }> }> }>
  >
  components: { schemas: Record<string, { examples?: unknown[] }> }
}

it('openapi.yaml is what the routes say (UPDATE=1 npm test rewrites it)', async () => {
  const { app } = await startService()
  const served = (await app.inject('/openapi.yaml')).body
  if (process.env['UPDATE'] === '1') writeFileSync(FILE, served)
  expect(readFileSync(FILE, 'utf8')).toBe(served)
})

it('every code stands in it under its status, but for those of paths that are not there', () => {
  const { paths } = parse(readFileSync(FILE, 'utf8')) as Description
  const operations = Object.values(paths).flatMap((path) => Object.values(path))
  const answers = operations.flatMap(({ responses }) => Object.entries(responses))
  const told = answers.flatMap(([status, { content }]) =>
    Object.keys(content?.['application/problem+json']?.examples ?? {}).map((code) => `${status} ${code}`),
  )
  const expected = PROBLEM_CODES.filter((code) => code !== 'method-not-allowed')
  expect([...new Set(told)].toSorted()).toStrictEqual(
    expected.map((code) => `${PROBLEMS[code].status} ${code}`).toSorted(),
  )
})

it('its example of a request is answered with a token', async () => {
  const { client } = await startService()
  const { components } = parse(readFileSync(FILE, 'utf8')) as Description
  const [example] = components.schemas['TokenRequest']?.examples ?? []
  await expect(client.issueToken(example as TokenRequest)).resolves.toMatchObject({ userRole: 'doctor' })
})
