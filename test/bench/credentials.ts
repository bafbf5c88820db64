import { newApiKey } from '../../src/callers/api-keys.ts'
import { ask, line, quantile } from './ask.ts'

const ROUNDS = 500

/** Whether the time of a refusal tells a caller that is not there from one whose key is wrong. */
export async function benchCredentials(url: string): Promise<string[]> {
  const times: Record<string, number[]> = { 'a key of nobody': [], 'a revoked key of a known caller': [] }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, caller] of [
      ['a key of nobody', 'nobody'],
      ['a revoked key of a known caller', 'development'],
    ] as const) {
      times[name]?.push((await ask(`${url}/api/jitsi/token`, 'probe', newApiKey(caller).apiKey)).ms)
    }
  }
  const [unknown = [], revoked = []] = Object.values(times)
  return [
    ...Object.entries(times).map(([name, each]) => line(name, each)),
    `ratio of the medians: ${(quantile(unknown, 0.5) / quantile(revoked, 0.5)).toFixed(2)}`,
  ]
}
