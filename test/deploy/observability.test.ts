import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { manifest, textOf } from './files.ts'
import { type Metrics, realMetrics } from './metrics.ts'
import { type Expression, readPromql, type Selector } from './promql.ts'

/** Labels that Prometheus adds to whatever it scrapes, and a metric that it makes itself. */
const OF_TARGETS = ['job', 'instance']
const OF_PROMETHEUS = 'up'

type Alert = {
  alert: string
  expr: string
  labels: { severity: string }
  annotations: { summary: string; description: string }
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

/** An expression, where it stands, and what is told of its outcome. */
type Asked = { where: string; expr: string; told: string }

const asked: Asked[] = [
  ...alerts.map(({ alert, expr, annotations: { summary, description } }) => ({
    where: `alert ${alert}`,
    expr,
    told: `${summary} ${description}`.replaceAll('$labels.', ''),
  })),
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => ({ where: `panel ${title}`, expr, told: legendFormat })),
  ),
  ...dashboard.annotations.list.map(({ expr, titleFormat }) => ({ where: 'the marks', expr, told: titleFormat })),
  ...variables
    .filter((found) => found.length > 0)
    .map(([, expr = '', label = '']) => ({ where: 'a variable', expr, told: `{{${label}}}` })),
  ...manifest('HorizontalPodAutoscaler').spec.metrics.flatMap(({ pods }) =>
    pods === undefined ? [] : [{ where: 'the autoscaler', expr: pods.metric.name, told: '' }],
  ),
]

/** What of a selector is not there. */
function lacking(known: Metrics, { metric, matchers }: Selector): string[] {
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

/** Labels that what an expression selects has. */
const selected = (known: Metrics, { selectors }: Expression): string[] => [
  ...OF_TARGETS,
  ...selectors.flatMap(({ metric }) => [...(known.get(metric)?.keys() ?? [])]),
]

/** What of an expression, and of what is told of it, is not there. */
function faults(known: Metrics, { where, expr, told }: Asked): string[] {
  const expression = readPromql(expr)
  const labels = selected(known, expression)
  const yielded = expression.grouping.length > 0 ? expression.grouping : labels
  const shown = [...told.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, label = '']) => label)
  return [
    ...(expression.wellFormed && expression.selectors.length > 0 ? [] : ['well-formed PromQL']),
    ...expression.selectors.flatMap((selector) => lacking(known, selector)),
    ...expression.grouping.filter((label) => !labels.includes(label)).map((label) => `the label ${label}`),
    ...shown.filter((label) => !yielded.includes(label)).map((label) => `{{${label}}}`),
  ].map((what) => `${where}: ${what}`)
}

describe('dashboard, alerts and autoscaler', () => {
  it('ask only for metrics, labels and values that /metrics of the service gives', async () => {
    const known = await realMetrics()
    expect(asked.length).toBeGreaterThan(60)
    expect(asked.flatMap((each) => faults(known, each))).toStrictEqual([])
    const wrong = [
      { expr: 'sum(jts_reload_failing', told: '' },
      { expr: 'jts_reload_failed', told: '' },
      { expr: 'jts_reload_failing{who="keys"}', told: '' },
      { expr: 'jts_reload_failing{what="key"}', told: '' },
      { expr: 'sum by (who) (jts_reload_failing)', told: '' },
      { expr: 'sum by (what) (jts_reload_failing)', told: '{{instance}}' },
    ]
    expect(wrong.map((each) => faults(known, { where: 'here', ...each }))).toStrictEqual([
      ['here: well-formed PromQL'],
      ['here: the metric jts_reload_failed'],
      ['here: the label who of jts_reload_failing'],
      ['here: what="key" of jts_reload_failing'],
      ['here: the label who'],
      ['here: {{instance}}'],
    ])
  })

  it('call the job of Prometheus what the ServiceMonitor makes it: the name of the Service', () => {
    const jobs = asked.flatMap(({ expr }) =>
      readPromql(expr).selectors.flatMap(({ matchers }) => matchers.filter(({ label }) => label === 'job')),
    )
    expect(new Set(jobs.map(({ value }) => value))).toStrictEqual(new Set([manifest('Service').metadata.name, '$job']))
  })
})

describe('the alerts', () => {
  it('each have a name of their own, a severity, and words on what to do', () => {
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length)
    for (const { labels, annotations } of alerts) {
      expect(['critical', 'warning', 'info']).toContain(labels.severity)
      expect(annotations.summary.length * annotations.description.length).toBeGreaterThan(0)
    }
  })

  it('become a PrometheusRule by the line at their head', () => {
    const [, line = ''] = /^# +(\{.*\}) \| kubectl/m.exec(textOf('deploy/observability/alerts.yaml')) ?? []
    const cwd = fileURLToPath(new URL('../../deploy/observability', import.meta.url))
    expect(parse(execFileSync('sh', ['-c', line], { cwd, encoding: 'utf8' }))).toMatchObject({
      kind: 'PrometheusRule',
      spec: rules,
    })
  })

  it('know the limit of memory that the Deployment sets', () => {
    const [container] = manifest('Deployment').spec.template.spec.containers
    const limit = /^(\d+)Mi$/.exec(container.resources.limits.memory)?.[1]
    const { expr } = alerts.find(({ alert }) => alert === 'TokenServiceMemory') ?? { expr: '' }
    expect(expr).toContain(`0.8 * ${Number(limit) * 2 ** 20}`)
  })
})

describe('the dashboard', () => {
  it('lays its panels side by side, each with an id of its own', () => {
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

  it('asks the data source that is chosen, and no variable that it does not have', () => {
    const names = new Set(dashboard.templating.list.map(({ name }) => name))
    const used = asked.flatMap(({ expr }) => [...expr.matchAll(/\$(?!__)(\w+)/g)].map(([, name = '']) => name))
    expect(used.filter((name) => !names.has(name))).toStrictEqual([])
    const sources = dashboard.panels.filter(({ type }) => type !== 'row').map(({ datasource }) => datasource?.uid)
    expect(new Set(sources)).toStrictEqual(new Set(['${datasource}']))
  })
})
