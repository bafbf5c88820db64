import { statSync } from 'node:fs'
import { parse } from 'yaml'
import { expect, it } from 'vitest'
import { createClient } from '../../src/client/client.ts'
import { parsePolicy } from '../../src/reload/policy-file.ts'
import { docsEntries, fileOf, pages, textOf } from './pages.ts'

const README_MAX_BYTES = 9000

it(`README.md has at most ${README_MAX_BYTES} bytes`, () => {
  expect(statSync(fileOf('README.md')).size).toBeLessThanOrEqual(README_MAX_BYTES)
})

it('README.md links to every page of docs', () => {
  const readme = textOf('README.md')
  // A folder may be linked itself or by its index page.
  const unlinked = docsEntries().filter(
    (entry) => !new RegExp(`\\]\\(${entry}${entry.endsWith('/') ? '' : '[#)]'}`).test(readme),
  )
  expect(unlinked).toStrictEqual([])
})

it('the pages name only npm scripts that exist', () => {
  const { scripts } = JSON.parse(textOf('package.json')) as { scripts: object }
  const named = pages().flatMap((page) =>
    [...textOf(page).matchAll(/npm run ([a-z][a-z:-]*)/g)].map(([, name]) => name),
  )
  expect(named.length).toBeGreaterThan(4)
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named))
})

it('every code block of a page is closed', () => {
  const open = pages().filter((page) => (textOf(page).match(/^ *```/gm) ?? []).length % 2 === 1)
  expect(open).toStrictEqual([])
})

it('docs/policy.md shows a valid policy, once its placeholders are hashes', async () => {
  const [, yaml = ''] = /```yaml\n([^]*?)```/.exec(textOf('docs/policy.md')) ?? []
  let hashes = 0
  const policy = await parsePolicy(yaml.replaceAll('<64 hex digits>', () => `${'a1'.repeat(31)}b${(hashes += 1)}`))
  expect([Object.keys(policy.roles), policy.callers?.length, policy.issuers?.length]).toStrictEqual([
    ['doctor', 'patient'],
    2,
    1,
  ])
})

it('docs/client.md names every method of the client', () => {
  const page = textOf('docs/client.md')
  const methods = Object.keys(createClient({ baseUrl: 'https://tokens.example.org' }))
  expect(methods.filter((method) => !page.includes(`\`${method}\``))).toStrictEqual([])
})

it('docs/api.md and docs/consultations.md name every route of openapi.yaml', () => {
  const text = ['docs/api.md', 'docs/consultations.md'].map(textOf).join('\n')
  const { paths } = parse(textOf('openapi.yaml')) as { paths: object }
  // docs/consultations.md writes the paths of consultations without their prefix.
  const short = Object.keys(paths).map((path) => path.replace(/^\/api\/jitsi\/consultations(?=\/)/, ''))
  const unnamed = short.filter((path) => !new RegExp(`[A-Z] ${escaped(path)}[\`?]`).test(text))
  expect(unnamed).toStrictEqual([])
})

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
