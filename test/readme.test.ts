import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { performanceSection } from './bench/report.ts'
import { readResults } from './bench/results.ts'
import { PROBLEM_CODES, PROBLEMS } from '../src/contract/problem.ts'
import { parsePolicy } from '../src/reload/policy-file.ts'
import { SETTINGS } from '../src/config/settings.ts'

const FILE = fileURLToPath(new URL('../README.md', import.meta.url))
const table = (head: string[], rows: string[][]) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

const settings = table(
  ['variable', 'default', 'meaning', 'must be'],
  Object.entries(SETTINGS).map(([name, { shown, about, rule }]) => [`\`${name}\``, shown, about, rule]),
)
const errors = table(
  ['status', '`code`', 'what to do'],
  PROBLEM_CODES.map((code) => [String(PROBLEMS[code].status), `\`${code}\``, PROBLEMS[code].detail]),
)

const part = (name: string) => new RegExp(`(<!-- ${name}: [^>]*-->\\n)([^]*?)(<!-- /${name} -->)`)

describe('README.md', () => {
  it.each([
    ['settings', settings],
    ['errors', errors],
    ['performance', performanceSection(readResults())],
  ])(
    'its part on %s is what the code says, or the last benchmark (UPDATE=1 npm test rewrites it)',
    (name, expected) => {
      const text = readFileSync(FILE, 'utf8')
      if (process.env['UPDATE'] === '1')
        writeFileSync(
          FILE,
          text.replace(part(name), (_, open: string, _old, close: string) => `${open}\n${expected}\n\n${close}`),
        )
      expect(part(name).exec(readFileSync(FILE, 'utf8'))?.[2]?.trim()).toBe(expected)
    },
  )

  it('names only scripts that are there', () => {
    const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      scripts: object
    }
    const named = [...readFileSync(FILE, 'utf8').matchAll(/npm run ([a-z:]+)/g)].map(([, name]) => name)
    expect(named.length).toBeGreaterThan(4)
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named))
  })

  it('shows a policy that is taken, once a hash stands in it', async () => {
    const [, yaml = ''] = /```yaml\n([^]*?)```/.exec(readFileSync(FILE, 'utf8')) ?? []
    let hashes = 0
    const policy = await parsePolicy(yaml.replaceAll('<64 hex digits>', () => `${'a1'.repeat(31)}b${(hashes += 1)}`))
    expect([Object.keys(policy.roles), policy.issuers?.length]).toStrictEqual([['doctor', 'patient'], 1])
  })
})
