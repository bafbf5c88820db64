import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { manifest, textOf } from './files.ts'
import { type Metrics, realMetrics } from './metrics.ts'
import { type Expression, readPromql, type Selector } from './promql.ts'

/** The labels that Prometheus adds to every scraped metric, and the metric that it creates itself. */
const OF_TARGETS = ['job', 'instance']
const OF_PROMETHEUS = 'up'

type Alert = {
  alert: string
  expr: string
  labels: { severity: string }
  annotations: { summary: string; description: string; runbook_url: string }
}
type Panel = {
  id: number
  type: string
  title: string
  datasource?: { uid: string }
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: { expr: string; legendFormat: string }[]
}
type Dashboard = {
  panels: Panel[]
  annotations: { list: { expr: string; titleFormat: string }[] }
  templating: { list: { name: string; query: string | { query: string } }[] }
}

const rules = parse(textOf('deploy/observability/alerts.yaml')) as { groups: { rules: Alert[] }[] }
const alerts = rules.groups.flatMap((group) => group.rules)
const dashboard = JSON.parse(textOf('deploy/observability/dashboard.json')) as Dashboard
const variables = dashboard.templating.list.map(({ query }) =>
  typeof query === 'string' ? [] : (/^label_values\((.*), (\w+)\)$/.exec(query.query) ?? []),
)

/** An expression, the place that it comes from, and the text that shows its result. */
type Query = { where: string; expr: string; text: string }

const queries: Query[] = [
  ...alerts.map(({ alert, expr, annotations: { summary, description } }) => ({
    where: `alert ${alert}`,
    expr,
    text: `${summary} ${description}`.replaceAll('$labels.', ''),
  })),
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => ({ where: `panel ${title}`, expr, text: legendFormat })),
  ),
  ...dashboard.annotations.list.map(({ expr, titleFormat }) => ({ where: 'an annotation', expr, text: titleFormat })),
  ...variables
    .filter((found) => found.length > 0)
    .map(([, expr = '', label = '']) => ({ where: 'a variable', expr, text: `{{${label}}}` })),
  ...manifest('HorizontalPodAutoscaler').spec.metrics.flatMap(({ pods }) =>
    pods === undefined ? [] : [{ where: 'the autoscaler', expr: pods.metric.name, text: '' }],
  ),
]

/** @returns what a selector asks for and the service does not have */
function missingFrom(known: Metrics, { metric, matchers }: Selector): string[] {
  const labels = known.get(metric)
  if (labels === undefined && metric !== OF_PROMETHEUS) return [`the metric ${metric}`]
  return matchers.flatMap(({ label, operator, value }) => {
    if (OF_TARGETS.includes(label)) return []
    const values = labels?.get(label)
    if (values === undefined) return [`the label ${label} of ${metric}`]
    const fits = operator.includes('~') ? new RegExp(`^(?:${value})$`) : { test: (each: string) => each === value }
    return [...values].some((each) => fits.test(each)) ? [] : [`${label}="${value}" of ${metric}`]
  })
}

/** @returns the labels of the metrics that an expression selects */
const labelsOf = (known: Metrics, { selectors }: Expression): string[] => [
  ...OF_TARGETS,
  ...selectors.flatMap(({ metric }) => [...(known.get(metric)?.keys() ?? [])]),
]

/** @returns the errors of an expression and of the text that shows its result */
function errorsOf(known: Metrics, { where, expr, text }: Query): string[] {
  const expression = readPromql(expr)
  const labels = labelsOf(known, expression)
  const resultLabels = expression.grouping.length > 0 ? expression.grouping : labels
  const shown = [...text.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, label = '']) => label)
  return [
    ...(expression.wellFormed && expression.selectors.length > 0 ? [] : ['well-formed PromQL']),
    ...expression.selectors.flatMap((selector) => missingFrom(known, selector)),
    ...expression.grouping.filter((label) => !labels.includes(label)).map((label) => `the label ${label}`),
    ...shown.filter((label) => !resultLabels.includes(label)).map((label) => `{{${label}}}`),
  ].map((what) => `${where}: ${what}`)
}

const RUNBOOK = 'docs/runbook.md'

/** The text of each section of the runbook, by the anchor of its heading (GitHub's slug). */
function runbookSections(): Map<string, string> {
  const sections = textOf(RUNBOOK).split(/^## /m).slice(1)
  return new Map(
    sections.map((section) => {
      const [heading = ''] = section.split('\n', 1)
      const anchor = heading
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-')
      return [anchor, section]
    }),
  )
}

describe('dashboard, alerts and autoscaler', () => {
  it('use only metrics, labels and values of /metrics', async () => {
    const known = await realMetrics()
    expect(queries.length).toBeGreaterThan(60)
    expect(queries.flatMap((each) => errorsOf(known, each))).toStrictEqual([])
    const wrong = [
      { expr: 'sum(jts_reload_failing', text: '' },
      { expr: 'jts_reload_failed', text: '' },
      { expr: 'jts_reload_failing{who="keys"}', text: '' },
      { expr: 'jts_reload_failing{what="key"}', text: '' },
      { expr: 'sum by (who) (jts_reload_failing)', text: '' },
      { expr: 'sum by (what) (jts_reload_failing)', text: '{{instance}}' },
    ]
    expect(wrong.map((each) => errorsOf(known, { where: 'here', ...each }))).toStrictEqual([
      ['here: well-formed PromQL'],
      ['here: the metric jts_reload_failed'],
      ['here: the label who of jts_reload_failing'],
      ['here: what="key" of jts_reload_failing'],
      ['here: the label who'],
      ['here: {{instance}}'],
    ])
  })

  it('use the job name that the ServiceMonitor results in: the name of the Service', () => {
    const jobs = queries.flatMap(({ expr }) =>
      readPromql(expr).selectors.flatMap(({ matchers }) => matchers.filter(({ label }) => label === 'job')),
    )
    expect(new Set(jobs.map(({ value }) => value))).toStrictEqual(new Set([manifest('Service').metadata.name, '$job']))
  })
})

describe('the alerts', () => {
  it('each have a unique name, a severity, and texts', () => {
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length)
    for (const { labels, annotations } of alerts) {
      expect(['critical', 'warning', 'info']).toContain(labels.severity)
      expect(annotations.summary.length * annotations.description.length).toBeGreaterThan(0)
    }
  })

  it('each link to a heading of the runbook whose section names them', () => {
    const sections = runbookSections()
    const unnamed = alerts.filter(({ alert, annotations: { runbook_url: url } }) => {
      const [page, anchor = ''] = url.split('#')
      return page !== RUNBOOK || sections.get(anchor)?.includes(`\`${alert}\``) !== true
    })
    expect(unnamed.map(({ alert }) => alert)).toStrictEqual([])
    const named = [...textOf(RUNBOOK).matchAll(/`(TokenService\w+)`/g)].map(([, name]) => name)
    expect(new Set(named)).toStrictEqual(new Set(alerts.map(({ alert }) => alert)))
  })

  it('become a PrometheusRule by the command in their first comment', () => {
    const [, line = ''] = /^# +(\{.*\}) \| kubectl/m.exec(textOf('deploy/observability/alerts.yaml')) ?? []
    const cwd = fileURLToPath(new URL('../../deploy/observability', import.meta.url))
    expect(parse(execFileSync('sh', ['-c', line], { cwd, encoding: 'utf8' }))).toMatchObject({
      kind: 'PrometheusRule',
      spec: rules,
    })
  })

  it('use the memory limit of the Deployment', () => {
    const [container] = manifest('Deployment').spec.template.spec.containers
    const limit = /^(\d+)Mi$/.exec(container.resources.limits.memory)?.[1]
    const { expr } = alerts.find(({ alert }) => alert === 'TokenServiceMemory') ?? { expr: '' }
    expect(expr).toContain(`0.8 * ${Number(limit) * 2 ** 20}`)
  })
})

describe('the dashboard', () => {
  it('has panels that do not overlap, each with a unique id', () => {
    const { panels } = dashboard
    const overlaps = panels.filter((one) =>
      panels.some((other) => {
        const [a, b] = [one.gridPos, other.gridPos]
        return one !== other && a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
      }),
    )
    expect(overlaps.map(({ title }) => title)).toStrictEqual([])
    expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toStrictEqual([])
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  })

  it('uses the selected data source, and only its own variables', () => {
    const names = new Set(dashboard.templating.list.map(({ name }) => name))
    const used = queries.flatMap(({ expr }) => [...expr.matchAll(/\$(?!__)(\w+)/g)].map(([, name = '']) => name))
    expect(used.filter((name) => !names.has(name))).toStrictEqual([])
    const sources = dashboard.panels.filter(({ type }) => type !== 'row').map(({ datasource }) => datasource?.uid)
    expect(new Set(sources)).toStrictEqual(new Set(['${datasource}']))
  })
})
