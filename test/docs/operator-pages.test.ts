import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { runCommand } from '../../src/cli/run.ts'
import { realMetrics } from '../deploy/metrics.ts'
import { fileOf, textOf } from './pages.ts'

it('docs/operations.md names every metric of the service', async () => {
  const page = textOf('docs/operations.md')
  const names = [...(await realMetrics()).keys()].filter((name) => name.startsWith('jts_'))
  const metrics = new Set(names.map((name) => name.replace(/_(?:bucket|sum|count)$/, '')))
  expect(metrics.size).toBeGreaterThan(20)
  expect([...metrics].filter((name) => !page.includes(`\`${name}\``))).toStrictEqual([])
  const named = [...page.matchAll(/`(jts_\w+)`/g)].map(([, name = '']) => name)
  expect(named.filter((name) => !metrics.has(name))).toStrictEqual([])
})

it('docs/operations.md names every command', async () => {
  const page = textOf('docs/operations.md')
  const context = { env: {}, stdin: () => '', out: () => Promise.resolve(), clock: () => 0 }
  const { text } = await runCommand(['--help'], context)
  const commands = [...text.matchAll(/^ {2}((?:(?:audit|db|keys) )?[a-z-]+)/gm)].map(([, name = '']) => name)
  expect(commands.length).toBeGreaterThan(10)
  // `keys generate`, `list`, …: a group is named once.
  const isNamed = (command: string) => {
    const [group, name = group] = command.split(' ')
    return new RegExp(`\`${command}\\b`).test(page) || new RegExp(`\`${group} [^|]*\`${name}\``).test(page)
  }
  expect(commands.filter((command) => !isNamed(command))).toStrictEqual([])
})

it('docs/audit.md names every action of the audit record', () => {
  const page = textOf('docs/audit.md')
  const actions = [...textOf('src/contract/audit/audit-entry.ts').matchAll(/^ +\| '([a-z-]+\.[a-z]+)'/gm)]
  expect(actions.length).toBeGreaterThan(25)
  expect(actions.map(([, action]) => action).filter((action) => !page.includes(`\`${action}\``))).toStrictEqual([])
})

it('docs/architecture.md names every folder of src', () => {
  const page = textOf('docs/architecture.md')
  const folders = readdirSync(fileOf('src'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const unnamed = folders.filter(({ name }) => !page.includes(`| \`${name}/`))
  expect(unnamed.map(({ name }) => name)).toStrictEqual([])
})

it('each decision has a number, a date and the three sections, and is in the index', () => {
  const files = readdirSync(fileOf('docs/decisions')).filter((name) => name !== 'README.md')
  const index = textOf('docs/decisions/README.md')
  files.toSorted().forEach((name, position) => {
    const number = String(position + 1).padStart(4, '0')
    const text = textOf(`docs/decisions/${name}`)
    expect(name).toMatch(new RegExp(`^${number}-[a-z0-9-]+\\.md$`))
    expect(text).toMatch(new RegExp(`^# ${number}\\. .+\\n\\nDate: \\d{4}-\\d\\d-\\d\\d\\n`))
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title)).toStrictEqual([
      'Context',
      'Decision',
      'Consequence',
    ])
    expect(index).toContain(`(${name})`)
  })
})
