import { PROBLEM_CODES, PROBLEMS } from '../../src/contract/problem.ts'
import { DOCTOR, PATIENT, startService, scrape } from '../kit.ts'

/** Metrics by the name under which a query asks for them, each with the values of its labels. */
export type Metrics = Map<string, Map<string, Set<string>>>

const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g

/** The metrics of the production app after requests that were served, refused, limited and banned. */
export async function realMetrics(): Promise<Metrics> {
  const { app, client, clientOf, parts } = await startService({
    RATE_LIMIT_FAILED_LOGINS: '1',
    RATE_LIMIT_PER_USER: '1',
  })
  parts.metrics.watchProcess()
  const refused = () => undefined
  await client.issueToken(DOCTOR)
  await client.issueToken(DOCTOR).catch(refused)
  await client.issueToken({ ...PATIENT, roomId: 'elsewhere' }).catch(refused)
  await app.inject('/.well-known/jwks.json')
  const wrong = clientOf(`jts_clinic-backend_${'A'.repeat(43)}`)
  for (let tries = 0; tries < 3; tries += 1) await wrong.issueToken(DOCTOR).catch(refused)
  const { body } = await scrape(app)
  const metrics = metricsIn(body)
  // The requests above do not produce every code, but every code can occur in this metric.
  const requests = metrics.get('jts_http_requests_total')
  for (const code of PROBLEM_CODES) {
    requests?.get('code')?.add(code)
    requests?.get('status')?.add(String(PROBLEMS[code].status))
  }
  return metrics
}

/** Reads the exposition format. A metric without a sample has no labels. */
function metricsIn(text: string): Metrics {
  const metrics: Metrics = new Map()
  for (const [, name = '', type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    const names = type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name]
    for (const each of names) metrics.set(each, new Map())
  }
  for (const [, name = '', labels = ''] of text.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    for (const [, label = '', value = ''] of labels.matchAll(LABEL)) {
      const values = metrics.get(name)?.get(label) ?? new Set()
      metrics.get(name)?.set(label, values.add(value))
    }
  }
  return metrics
}
