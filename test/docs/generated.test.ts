import { readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { BUTTONS } from '../../src/contract/policy/meeting-policy.ts'
import { FEATURES } from '../../src/contract/tokens/features.ts'
import { PROBLEM_CODES, PROBLEMS } from '../../src/contract/problem.ts'
import { SETTINGS } from '../../src/config/settings.ts'
import { figure, performanceSection } from '../bench/report.ts'
import { readResults } from '../bench/results.ts'
import { fileOf, table } from './pages.ts'

const code = (text: string) => `\`${text}\``
const codes = (texts: readonly string[]) => texts.map(code).join(', ')

const settings = table(
  ['Variable', 'Default', 'Meaning', 'Must be'],
  Object.entries(SETTINGS).map(([name, { shown, about, rule }]) => [code(name), shown, about, rule]),
)
const secrets = Object.entries(SETTINGS).flatMap(([name, setting]) => ('secret' in setting ? [name] : []))
const errors = table(
  ['Status', '`code`', 'What to do'],
  PROBLEM_CODES.map((each) => [String(PROBLEMS[each].status), code(each), PROBLEMS[each].detail]),
)

/** The three lines of the README on performance, from the goals of the latest benchmarks. */
function figures(): string {
  const results = readResults()
  const measured = (benchmark: string, index: number) => figure(results[benchmark]?.goals[index]?.measured ?? NaN)
  const { machine = '', node = '', measuredAt = '' } = results['cost'] ?? {}
  return [
    `- A token costs ${measured('cost', 0)} times the CPU time of its RSA-4096 signature, with authentication, limits and audit record (${machine}, Node.js ${node}, ${measuredAt.slice(0, 10)}).`,
    `- At twice the load that it can serve, it issues tokens at ${measured('overload', 0)} of its capacity with a p99 of ${measured('overload', 1)} ms, and refuses the other requests with a p99 of ${measured('overload', 2)} ms.`,
    `- Its health probe answers within ${measured('livez', 1)} ms (p99) while 100 tokens at a time are being signed.`,
  ].join('\n')
}

const PARTS: [page: string, name: string, expected: string][] = [
  ['README.md', 'figures', figures()],
  ['docs/api.md', 'errors', errors],
  ['docs/settings.md', 'settings', settings],
  [
    'docs/settings.md',
    'secrets',
    `These settings can also come from a file. Add \`_FILE\` to the name, and set it to the path of the file: ${codes(secrets)}.`,
  ],
  ['docs/performance.md', 'performance', performanceSection(readResults())],
  ['docs/policy.md', 'features', `The features: ${codes(FEATURES)}.`],
  ['docs/meeting-config.md', 'buttons', `The buttons: ${codes(BUTTONS)}.`],
]

it.each(PARTS)('in %s, the part "%s" matches the code (UPDATE=1 npm test rewrites it)', (page, name, expected) => {
  const file = fileOf(page)
  const part = new RegExp(
    `(<!-- ${name}: [^>]*-->\\n(?:<!-- prettier-ignore-start -->\\n)?)([^]*?)((?:<!-- prettier-ignore-end -->\\n)?<!-- /${name} -->)`,
  )
  if (process.env['UPDATE'] === '1') {
    const text = readFileSync(file, 'utf8')
    writeFileSync(
      file,
      text.replace(part, (_, open: string, _old, close: string) => `${open}\n${expected}\n\n${close}`),
    )
  }
  expect(part.exec(readFileSync(file, 'utf8'))?.[2]?.trim()).toBe(expected)
})
