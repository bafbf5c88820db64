import { PROBLEM_CODES, PROBLEMS } from '../../src/contract/problem.ts'
import { DOCTOR, PATIENT, startService } from '../kit.ts'

/** Metrics as they are asked for, with the values that each label had. */
export type Metrics = Map<string, Map<string, Set<string>>>

const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g

/** What `/metrics` of the production app gives, once somebody was served, refused, limited and banned. */
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
  const { body } = await app.inject('/metrics')
  const metrics = metricsIn(body)
  // Not each of these was seen, but each can be.
  for (const labels of metrics.values()) {
    for (const code of PROBLEM_CODES) {
      labels.get('code')?.add(code)
      labels.get('status')?.add(String(PROBLEMS[code].status))
    }
  }
  return metrics
}

/** Reads the exposition format: of a metric without a sample the name alone is known. */
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
