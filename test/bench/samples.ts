import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Setup } from './bench.ts'
import { stop } from './child.ts'
import { closedRound, type Round, SETTLED_TOKENS, startLoad, warm } from './load.ts'
import { own } from './own.ts'
import { atLeast, type Outcome } from './result.ts'
import { httpRequest, type Server, startService, tokenRequests } from './service.ts'
import { interleaved, median, ratios } from './stats.ts'

const OURS = 'this service'
const SAMPLE = 'Express 5 + jsonwebtoken 9 (sample)'
const PROVIDER = 'oidc-provider 9 (client credentials)'

/** Tokens a second beside what else makes tokens: same key, same machine, same load, in turns. */
export async function samples(setup: Setup): Promise<Outcome> {
  const load = startLoad()
  const servers: Record<string, Server> = {
    [OURS]: await startService(setup),
    [SAMPLE]: await startSample(setup.keyFile),
    [PROVIDER]: await startProvider(setup.keyFile),
  }
  try {
    for (const server of Object.values(servers)) {
      await signsWith(setup.keyFile, server)
      await warm(load, server, setup, SETTLED_TOKENS)
    }
    const runs = Object.entries(servers).map(([name, server]) => [name, () => closedRound(load, server, setup.seconds)])
    return outcome(await interleaved(setup, Object.fromEntries(runs) as Record<string, () => Promise<Round>>))
  } finally {
    await Promise.all([load.stop(), ...Object.values(servers).map((server) => server.stop())])
  }
}

/** The usual sample, as a process of its own. */
export const startSample = (keyFile: string): Promise<Server> =>
  start(new URL('./sample-express.ts', import.meta.url), keyFile, tokenRequests('none, for the sample asks for none'))

function startProvider(keyFile: string): Promise<Server> {
  const headers = {
    authorization: `Basic ${btoa('backend-1:only-for-this-benchmark')}`,
    'content-type': 'application/x-www-form-urlencoded',
  }
  const body = 'grant_type=client_credentials&scope=tokens%3Aissue'
  return start(new URL('./sample-provider.ts', import.meta.url), keyFile, [
    httpRequest('POST', '/token', headers, body),
  ])
}

async function start(file: URL, keyFile: string, requests: readonly string[]): Promise<Server> {
  const child = fork(fileURLToPath(file), [keyFile], {
    env: { PATH: process.env['PATH'], NODE_ENV: 'production' },
    // The provider warns of what it is here: one for a benchmark.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  own(child)
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${file.href} ended before it listened`)))
  const [port] = (await Promise.race([once(child, 'message'), ended])) as [number]
  ended.catch(() => undefined)
  return { pid: child.pid ?? 0, port, requests, stop: () => stop(child) }
}

/** Nobody wins by signing with another key. @throws Error where the first token was not signed with the key of the run */
async function signsWith(keyFile: string, { port, requests }: Server): Promise<void> {
  const [head = '', body = ''] = requests[0]?.split('\r\n\r\n') ?? []
  const [line = '', ...fields] = head.split('\r\n')
  const headers = fields.map((field) => field.split(': ') as [string, string])
  const answer = await fetch(`http://127.0.0.1:${port}${line.split(' ')[1]}`, { method: 'POST', headers, body })
  const { token, access_token = token ?? '' } = (await answer.json()) as { token?: string; access_token?: string }
  const [header, claims, signature = ''] = access_token.split('.')
  const key = createPublicKey(readFileSync(keyFile))
  const input = Buffer.from(`${header}.${claims}`)
  if (!verify('sha256', input, key, Buffer.from(signature, 'base64url'))) throw new Error('not a token of this key')
}

function outcome(measured: Record<string, Round[]>): Outcome {
  const perSecond = (name: string) => (measured[name] ?? []).map((round) => round.perSecond)
  const times = (other: string) => median(ratios(perSecond(OURS), perSecond(other)))
  const names = Object.keys(measured)
  return {
    title: 'Beside what else makes tokens',
    about: `Tokens a second in a closed loop, same key of 4096 bits, same Node.js. The sample signs on its event loop with the key as PEM at every call, and knows neither callers nor limits nor a record; oidc-provider (of version 9, the one installed here) authenticates the client and keeps its state in memory.`,
    goals: [
      atLeast('tokens a second ÷ those of the sample', times(SAMPLE), 2.7),
      atLeast('tokens a second ÷ those of oidc-provider', times(PROVIDER), 1),
    ],
    tables: [
      {
        title: 'In a closed loop',
        head: ['server', 'tokens a second', 'of ours', 'p50 ms', 'p99 ms', 'CPU per token, µs'],
        rows: names.map((name) => {
          const of = (pick: (round: Round) => number) => median((measured[name] ?? []).map(pick))
          return [
            name,
            of((round) => round.perSecond),
            1 / times(name),
            of(({ p50Ms }) => p50Ms),
            of(({ p99Ms }) => p99Ms),
            of(({ cpuUs }) => cpuUs),
          ]
        }),
      },
    ],
    charts: [
      {
        title: 'Tokens a second',
        unit: 'tokens/s',
        bars: names.map((label) => ({ label, value: median(perSecond(label)) })),
      },
    ],
    rounds: Object.fromEntries(names.map((name) => [name, perSecond(name)])),
  }
}
