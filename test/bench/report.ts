import { chartFile, type Goal, type Result, type Results, type Table } from './result.ts'

/** A figure with as many digits as a reader needs. */
export function figure(value: string | number): string {
  if (typeof value === 'string') return value
  if (!Number.isFinite(value)) return 'none'
  const size = Math.abs(value)
  if (size >= 1000) return Math.round(value).toLocaleString('en')
  return size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(2)
}

const markdown = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [head, head.map(() => '---'), ...rows.map((row) => row.map(figure))]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')

export const tableText = ({ title, head, rows }: Table): string => `${title}\n\n${markdown(head, rows)}`

const goalRow = ({ what, goal, measured, unit, met }: Goal): string[] => [
  what,
  `${goal}${unit === '' ? '' : ` ${unit}`}`,
  `${figure(measured)}${unit === '' ? '' : ` ${unit}`}`,
  met ? 'yes' : 'no',
]

const GOALS = ['what', 'goal', 'measured', 'met']

const where = ({ machine, node, openssl, measuredAt }: Result): string =>
  `${measuredAt.replace('T', ' ')} UTC, Node.js ${node}, OpenSSL ${openssl}, ${machine}`

const disturbance = ({ calm: { rounds, disturbed } }: Result): string =>
  disturbed === 0 ? 'No round was disturbed by other work.' : `Other work disturbed ${disturbed} of ${rounds} rounds.`

/** The whole report, as Markdown. */
export function report(results: Results): string {
  const parts = Object.entries(results).map(([name, result]) =>
    [
      `## ${result.title} (\`${name}\`)`,
      result.about,
      `Measured ${where(result)}. ${disturbance(result)}`,
      ...(result.goals.length === 0 ? [] : [markdown(GOALS, result.goals.map(goalRow))]),
      ...result.tables.map(tableText),
      ...result.charts.map(({ title }, index) => `![${title}](${chartFile(name, index)})`),
    ].join('\n\n'),
  )
  return `# Benchmarks\n\nMade by \`npm run bench\`; each part by \`npm run bench -- <name>\`.\n\n${parts.join('\n\n')}\n`
}

/** What a reader of the README is told: the goals, and where they were measured. */
export function performanceSection(results: Results): string {
  const all = Object.values(results)
  const places = [
    ...new Set(all.map(({ machine, node, openssl }) => `${machine}, Node.js ${node}, OpenSSL ${openssl}`)),
  ]
  const days = [...new Set(all.map(({ measuredAt }) => measuredAt.slice(0, 10)))].toSorted()
  const [first = 'never', last = first] = [days[0], days.at(-1)]
  const rows = Object.entries(results).flatMap(([name, { goals }]) =>
    goals.map((goal) => [`\`${name}\``, ...goalRow(goal)]),
  )
  return [
    `Measured ${first === last ? first : `${first} to ${last}`} on ${places.join('; and on ')}. Medians of rounds that take turns with what they are compared to; CPU time as the operating system counts it; the load comes from a process of its own on the same machine.`,
    markdown(['benchmark', ...GOALS], rows),
    'To repeat it: `npm run bench`, or `npm run bench -- <name>` for one; on Linux. All figures, tables and charts: [test/bench/results/latest.md](test/bench/results/latest.md).',
  ].join('\n\n')
}
