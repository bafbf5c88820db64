import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressOf, startProcess } from '../process.ts'

/** A hundred tokens at once, over and over, and how /livez answers meanwhile; beside it, how it answers at rest. */
const ROUNDS = 20
const AT_ONCE = 100

/** No limits: they are not what is measured. */
const UNLIMITED = Object.fromEntries(
  ['PER_ADDRESS', 'PER_CALLER', 'PER_USER', 'PER_ROOM'].map((name) => [`RATE_LIMIT_${name}`, '1000000']),
)

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
const probe = new Agent({ keepAlive: true, maxSockets: 1 })

function ask(url: string, through: Agent, apiKey?: string): Promise<{ status: number; ms: number }> {
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const options =
      apiKey === undefined
        ? { agent: through }
        : {
            agent: through,
            method: 'POST',
            headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
          }
    const sent = request(url, options, (answer) => {
      answer.resume()
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, ms: performance.now() - began }))
    })
    sent.on('error', reject)
    sent.end(apiKey === undefined ? undefined : JSON.stringify(DOCTOR))
  })
}

const DOCTOR = {
  roomId: 'bharattelemed-p1042-d77-1764000000',
  userId: 'doctor-77',
  userName: 'Dr. Meera Iyer',
  userRole: 'doctor',
}

async function probeWhile(url: string, busy: () => boolean): Promise<number[]> {
  const times: number[] = []
  while (busy()) {
    times.push((await ask(`${url}/livez`, probe)).ms)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return times
}

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN

async function bench(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'jts-bench-'))
  const running = startProcess(dir, {
    PORT: '0',
    LOG_LEVEL: 'info',
    ...UNLIMITED,
  })
  try {
    const url = await addressOf(running)
    const apiKey = /jts_development_[A-Za-z0-9_-]{43}/.exec(await running.said('curl'))?.[0]
    const rest: number[] = []
    const loaded: number[] = []
    const rates: number[] = []
    let refused = 0
    for (let round = 0; round <= ROUNDS; round += 1) {
      let until = performance.now() + 100
      const atRest = await probeWhile(url, () => performance.now() < until)
      let busy = true
      const probing = probeWhile(url, () => busy)
      const began = performance.now()
      const answers = await Promise.all(
        Array.from({ length: AT_ONCE }, () => ask(`${url}/api/jitsi/token`, agent, apiKey)),
      )
      const seconds = (performance.now() - began) / 1000
      busy = false
      const meanwhile = await probing
      until = 0
      refused += answers.filter(({ status }) => status !== 200).length
      // The first round opens the connections and warms the code.
      if (round === 0) continue
      rest.push(...atRest)
      loaded.push(...meanwhile)
      rates.push(AT_ONCE / seconds)
    }
    const line = (name: string, times: readonly number[]) =>
      `${name.padEnd(34)} p50 ${quantile(times, 0.5).toFixed(2)} ms   p99 ${quantile(times, 0.99).toFixed(2)} ms   n ${times.length}`
    process.stdout.write(
      [
        `Node ${process.version}, OpenSSL ${process.versions.openssl}, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}`,
        `${ROUNDS} rounds of ${AT_ONCE} tokens at once; refused: ${refused}; tokens a second: ${quantile(rates, 0.5).toFixed(0)} (median)`,
        line('/livez at rest', rest),
        line(`/livez while ${AT_ONCE} tokens are made`, loaded),
        `ratio of the p99: ${(quantile(loaded, 0.99) / quantile(rest, 0.99)).toFixed(1)}`,
        '',
      ].join('\n'),
    )
  } finally {
    running.child.kill('SIGTERM')
    await running.ended
    rmSync(dir, { recursive: true })
  }
}

await bench()
agent.destroy()
probe.destroy()
