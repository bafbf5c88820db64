import { newApiKey } from '../../src/auth/api-keys.ts'
import type { Setup } from './bench.ts'
import { APART_MS, startLoad } from './load.ts'
import type { Outcome } from './result.ts'
import { startService, tokenRequests } from './service.ts'
import { interleaved, median, ratios } from './stats.ts'

/** Whether the time of a refusal tells a caller that is not there from one whose key is wrong. */
export async function credentials(setup: Setup): Promise<Outcome> {
  const load = startLoad()
  const server = await startService(setup)
  const askedWith = (caller: string) => async (): Promise<number> => {
    const requests = tokenRequests(newApiKey(caller).apiKey)
    const { port } = server
    const { answers } = await load.run({
      ...{ kind: 'closed', port, requests, connections: 1, seconds: 1 },
      pauseMs: APART_MS,
    })
    return answers['401']?.p50 ?? Number.NaN
  }
  const nobody = 'a key of nobody'
  const revoked = 'a revoked key of a known caller'
  try {
    const runs = { [nobody]: askedWith('nobody'), [revoked]: askedWith('backend-1') }
    await interleaved({ ...setup, rounds: 1 }, runs)
    const times = await interleaved({ ...setup, rounds: 2 * setup.rounds }, runs)
    const ratio = median(ratios(times[nobody] ?? [], times[revoked] ?? []))
    const rows = Object.entries(times).map(([name, ms]) => [name, median(ms)] as const)
    return {
      title: 'Time of a refusal',
      about: `Time until a refused login is answered, one after another, ${APART_MS} ms apart, so that none waits for the commit of the one before: it must not tell whether the caller is there.`,
      goals: [],
      tables: [{ title: 'Median', head: ['presented', 'ms'], rows: [...rows, ['ratio of the medians', ratio]] }],
      charts: [{ title: 'Time of a refusal', unit: 'ms', bars: rows.map(([label, value]) => ({ label, value })) }],
      rounds: times,
    }
  } finally {
    await Promise.all([load.stop(), server.stop()])
  }
}
