import { execFile } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import type { SigningJob } from './bare-signature.ts'
import type { Setup } from './bench.ts'
import { startWorker } from './child.ts'
import { cpuSeconds } from './cpu.ts'
import { closedRound, type Round, SETTLED_TOKENS, startLoad, warm } from './load.ts'
import { profileOf } from './profile.ts'
import { atMost, type Outcome } from './result.ts'
import { startService } from './service.ts'
import { median, ratios } from './stats.ts'

const GOAL = 1.12
const ACCEPTED = 1.2

/** What a token costs beside the signature in it. */
export async function cost(setup: Setup): Promise<Outcome> {
  const { bare, served } = await measure(setup)
  const perRound = ratios(
    served.map(({ cpuUs }) => cpuUs),
    bare,
  )
  const us = (pick: (round: Round) => number) => median(served.map(pick))
  const ratio = median(perRound)
  return {
    title: 'Cost of a token',
    about:
      'CPU of the service for each token, with authentication, limits, record on disk (SQLite, every commit flushed), logs to a file and metrics, divided by the CPU of a process that only signs with the same key in the same Node.js, as many at once.',
    goals: [
      atMost('CPU per token ÷ CPU per bare signature', ratio, GOAL),
      atMost('the same, as it is still accepted', ratio, ACCEPTED),
    ],
    tables: [
      {
        title: 'CPU in microseconds',
        head: ['what', 'µs', '÷ bare signature'],
        rows: [
          ['bare signature, Node.js', median(bare), 1],
          ['bare signature, `openssl speed` of the system', await opensslUs(), ''],
          ['token', us(({ cpuUs }) => cpuUs), ratio],
          [
            '— its threads that sign',
            us(({ threadsUs }) => threadsUs.pool),
            us(({ threadsUs }) => threadsUs.pool) / median(bare),
          ],
          [
            '— its main thread',
            us(({ threadsUs }) => threadsUs.main),
            us(({ threadsUs }) => threadsUs.main) / median(bare),
          ],
          [
            '— the thread of its record',
            us(({ threadsUs }) => threadsUs.record),
            us(({ threadsUs }) => threadsUs.record) / median(bare),
          ],
          [
            '— its other threads (compiler, garbage)',
            us(({ threadsUs }) => threadsUs.other),
            us(({ threadsUs }) => threadsUs.other) / median(bare),
          ],
        ],
      },
      await profileOf(setup),
    ],
    charts: [
      {
        title: 'CPU of a token by thread',
        unit: 'µs',
        bars: [
          { label: 'bare signature', value: median(bare) },
          { label: 'token', value: us(({ cpuUs }) => cpuUs) },
          { label: 'of that: signing', value: us(({ threadsUs }) => threadsUs.pool) },
          { label: 'of that: main thread', value: us(({ threadsUs }) => threadsUs.main) },
        ],
        goal: median(bare) * GOAL,
      },
    ],
    rounds: { bareUs: bare, tokenUs: served.map(({ cpuUs }) => cpuUs), ratio: perRound },
  }
}

async function measure(setup: Setup): Promise<{ bare: number[]; served: Round[] }> {
  const { keysDir, keyFile, rounds, seconds } = setup
  const cores = availableParallelism()
  const load = startLoad()
  const signer = startWorker<SigningJob, number>('bare-signature.ts', {
    env: { ...process.env, UV_THREADPOOL_SIZE: String(cores) },
  })
  const server = await startService({ keysDir })
  const bareUs = async (): Promise<number> => {
    const before = cpuSeconds(signer.pid)
    const made = await signer.run({ keyFile, atOnce: 2 * cores, seconds })
    return ((cpuSeconds(signer.pid) - before) / made) * 1e6
  }
  try {
    const bare: number[] = []
    const served: Round[] = []
    await warm(load, server, setup, SETTLED_TOKENS)
    // More than elsewhere: the goal lies within what one round differs from the next.
    for (let round = 0; round < 2 * rounds + 1; round += 1) {
      bare.push(await setup.calm.round(bareUs))
      served.push(await setup.calm.round(() => closedRound(load, server, seconds)))
    }
    return { bare, served }
  } finally {
    await Promise.all([server.stop(), signer.stop(), load.stop()])
  }
}

/** What the OpenSSL of the system needs for a signature on one core, in microseconds; its version tells why it differs. */
async function opensslUs(): Promise<number> {
  try {
    const { stdout } = await promisify(execFile)('openssl', ['speed', '-seconds', '2', 'rsa4096'])
    return 1e6 / Number(/rsa\s*4096 bits\s+\S+\s+\S+\s+([\d.]+)/.exec(stdout)?.[1])
  } catch {
    return Number.NaN
  }
}
