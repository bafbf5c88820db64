import { ask, line, quantile } from './ask.ts'

const ROUNDS = 20
const AT_ONCE = 100

/** A hundred tokens at once, over and over, and how /livez answers meanwhile; beside it, how it answers at rest. */
export async function benchBurst(url: string, apiKey: string): Promise<string[]> {
  const rest: number[] = []
  const loaded: number[] = []
  const rates: number[] = []
  let refused = 0
  for (let round = 0; round <= ROUNDS; round += 1) {
    const until = performance.now() + 100
    const atRest = await probeWhile(url, () => performance.now() < until)
    const state = { busy: true }
    const probing = probeWhile(url, () => state.busy)
    const began = performance.now()
    const asking = Array.from({ length: AT_ONCE }, () => ask(`${url}/api/jitsi/token`, 'load', apiKey))
    const answers = await Promise.all(asking)
    const seconds = (performance.now() - began) / 1000
    state.busy = false
    const meanwhile = await probing
    refused += answers.filter(({ status }) => status !== 200).length
    // The first round opens the connections and warms the code.
    if (round === 0) continue
    rest.push(...atRest)
    loaded.push(...meanwhile)
    rates.push(AT_ONCE / seconds)
  }
  return [
    `${ROUNDS} rounds of ${AT_ONCE} tokens at once; refused: ${refused}; tokens a second: ${quantile(rates, 0.5).toFixed(0)} (median)`,
    line('/livez at rest', rest),
    line(`/livez while ${AT_ONCE} tokens are made`, loaded),
    `ratio of the p99: ${(quantile(loaded, 0.99) / quantile(rest, 0.99)).toFixed(1)}`,
  ]
}

async function probeWhile(url: string, busy: () => boolean): Promise<number[]> {
  const times: number[] = []
  while (busy()) {
    times.push((await ask(`${url}/livez`, 'probe')).ms)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return times
}
