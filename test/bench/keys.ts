import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { generatePrivatePem } from '../../src/keys/generate.ts'
import type { SigningJob } from './bare-signature.ts'
import type { Setup } from './bench.ts'
import { startWorker, type Worker } from './child.ts'
import { cpuSeconds } from './cpu.ts'
import { closedRound, type Load, startLoad } from './load.ts'
import type { Outcome } from './result.ts'
import { type Server, startService } from './service.ts'
import { interleaved, median } from './stats.ts'

const PRIMES = [2, 3, 4] as const

/** With it, OpenSSL does without the AVX-512 IFMA instructions. */
const WITHOUT_IFMA = { OPENSSL_ia32cap: ':~0x200000' }

/** Per CPU second. */
type Rates = { signatures: number; tokens: number }

type Side = { name: string; server: Server; signer: Worker<SigningJob, number>; keyFile: string }

/** What the kind of key and of processor makes of it. */
export async function keys(setup: Setup): Promise<Outcome> {
  const load = startLoad()
  const sides = await open(setup)
  try {
    for (const { server } of sides) await closedRound(load, server, 2 * setup.seconds)
    const runs = sides.map((side) => [side.name, () => rates(load, side, setup.seconds / 2)])
    return outcome(await interleaved(setup, Object.fromEntries(runs) as Record<string, () => Promise<Rates>>))
  } finally {
    await Promise.all([load, ...sides.flatMap(({ server, signer }) => [server, signer])].map((each) => each.stop()))
  }
}

async function open({ keysDir }: Setup): Promise<Side[]> {
  const sides: Side[] = []
  for (const primes of PRIMES) {
    const dir = join(keysDir, `primes-${primes}`)
    const keyFile = join(dir, 'bench.pem')
    mkdirSync(dir)
    writeFileSync(keyFile, await generatePrivatePem(primes), { mode: 0o600 })
    for (const [name, env] of [
      [`${primes} primes`, {}],
      [`${primes} primes, without IFMA`, WITHOUT_IFMA],
    ] as const) {
      const signer = startWorker<SigningJob, number>('bare-signature.ts', {
        env: { ...process.env, UV_THREADPOOL_SIZE: String(availableParallelism()), ...env },
      })
      sides.push({ name, keyFile, signer, server: await startService({ keysDir: dir, env }) })
    }
  }
  return sides
}

async function rates(load: Load, { server, signer, keyFile }: Side, seconds: number): Promise<Rates> {
  const before = cpuSeconds(signer.pid)
  const made = await signer.run({ keyFile, atOnce: 2 * availableParallelism(), seconds })
  const spent = cpuSeconds(signer.pid) - before
  return { signatures: made / spent, tokens: 1e6 / (await closedRound(load, server, seconds)).cpuUs }
}

function outcome(measured: Record<string, Rates[]>): Outcome {
  const of = (name: string, pick: (rates: Rates) => number) => median((measured[name] ?? []).map(pick))
  const names = Object.keys(measured)
  const [usual = ''] = names
  const usualTokens = of(usual, ({ tokens }) => tokens)
  const hasIfma = readFileSync('/proc/cpuinfo', 'utf8').includes('avx512ifma')
  return {
    title: 'Kinds of keys',
    about: `Signatures and tokens for each second of CPU, by the number of primes of the key (4096 bits all), and with the AVX-512 IFMA instructions of the processor hidden from OpenSSL. This processor ${hasIfma ? 'has' : 'does not have'} them.`,
    goals: [],
    tables: [
      {
        title: 'For each second of CPU',
        head: ['key', 'signatures', 'tokens', 'tokens ÷ those of 2 primes'],
        rows: names.map((name) => {
          const tokens = of(name, (each) => each.tokens)
          return [name, of(name, ({ signatures }) => signatures), tokens, tokens / usualTokens]
        }),
      },
    ],
    charts: [
      {
        title: 'Tokens for each second of CPU',
        unit: 'tokens',
        bars: names.map((label) => ({ label, value: of(label, ({ tokens }) => tokens) })),
      },
    ],
    rounds: Object.fromEntries(names.map((name) => [name, (measured[name] ?? []).map(({ tokens }) => tokens)])),
  }
}
