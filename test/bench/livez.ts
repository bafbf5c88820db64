import type { Setup } from './bench.ts'
import { AT_ONCE, type Load, startLoad, warm } from './load.ts'
import type { Job, Latency } from './load-types.ts'
import { atMost, type Outcome } from './result.ts'
import { startSample } from './samples.ts'
import { httpRequest, type Server, startService } from './service.ts'
import { interleaved, median } from './stats.ts'

const GOAL_MS = 10
const BURST = 100

const PROBES = [httpRequest('GET', '/livez')]

/** How soon the probe answers while every core signs. */
export async function livez(setup: Setup): Promise<Outcome> {
  const { seconds } = setup
  const [load, prober] = [startLoad(), startLoad()]
  const [service, sample] = [await startService(setup), await startSample(setup.keyFile)]
  const probe = ({ port }: Server, during?: Job) => probed(prober, port, seconds, load, during)
  const closed = ({ port, requests }: Server): Job => ({
    kind: 'closed',
    port,
    requests,
    seconds,
    connections: AT_ONCE,
  })
  try {
    await warm(load, service, setup)
    const { port, requests } = service
    const measured = await interleaved(setup, {
      'at rest': () => probe(service),
      [`${AT_ONCE} tokens at a time`]: () => probe(service, closed(service)),
      [`${BURST} tokens at once, over and over`]: () =>
        probe(service, { kind: 'bursts', port, requests, seconds, connections: BURST }),
      [`the sample, ${AT_ONCE} tokens at a time`]: () => probe(sample, closed(sample)),
    })
    return outcome(measured)
  } finally {
    await Promise.all([load.stop(), prober.stop(), service.stop(), sample.stop()])
  }
}

/** Asks for the probe over and over, from a process of its own, while there is other load or none. */
async function probed(prober: Load, port: number, seconds: number, load: Load, during?: Job): Promise<Latency> {
  const probing = { kind: 'closed', port, requests: PROBES, seconds, connections: 1, pauseMs: 1 } as const
  const [{ answers }] = await Promise.all([prober.run(probing), during === undefined ? undefined : load.run(during)])
  const { 200: ok, ...others } = answers
  if (ok === undefined || Object.keys(others).length > 0) throw new Error(`a probe failed: ${JSON.stringify(answers)}`)
  return ok
}

function outcome(measured: Record<string, Latency[]>): Outcome {
  const of = (name: string, pick: (latency: Latency) => number) => median((measured[name] ?? []).map(pick))
  const names = Object.keys(measured)
  const loaded = names.filter((name) => name !== 'at rest' && !name.startsWith('the sample'))
  return {
    title: 'The probe under load',
    about:
      'Time until /livez answers, asked for over and over by a process of its own while another asks for tokens. All three share the cores, so waiting for a core is in it.',
    goals: loaded.map((name) =>
      atMost(
        `p99 of /livez, ${name}`,
        of(name, ({ p99 }) => p99),
        GOAL_MS,
        'ms',
      ),
    ),
    tables: [
      {
        title: 'Milliseconds until /livez answers',
        head: ['meanwhile', 'p50', 'p99', 'longest'],
        rows: names.map((name) => [
          name,
          of(name, ({ p50 }) => p50),
          of(name, ({ p99 }) => p99),
          of(name, ({ max }) => max),
        ]),
      },
    ],
    charts: [
      {
        title: 'p99 of /livez',
        unit: 'ms',
        bars: names.map((label) => ({ label, value: of(label, ({ p99 }) => p99) })),
        goal: GOAL_MS,
      },
    ],
    rounds: Object.fromEntries(names.map((name) => [name, (measured[name] ?? []).map(({ p99 }) => p99)])),
  }
}
