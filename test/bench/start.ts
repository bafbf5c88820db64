import { createServer } from 'node:net'
import type { Setup } from './bench.ts'
import { cpuSeconds, residentMb } from './cpu.ts'
import { type Form, forms } from './launch.ts'
import { closedRound, startLoad } from './load.ts'
import { openConnection } from './load-wire.ts'
import { newDir } from './own.ts'
import type { Outcome } from './result.ts'
import { type Server, settings, tokenRequests } from './service.ts'
import { interleaved, median } from './stats.ts'

type Started = { firstTokenMs: number; cpuMs: number; idleMb: number; loadedMb: number }

/** How long the first token takes from the start of the process, and what the process holds of memory. */
export async function start(setup: Setup): Promise<Outcome> {
  const { forms: all, note } = await forms()
  const loaded: Record<string, number> = {}
  for (const [name, form] of Object.entries(all)) {
    loaded[name] = (await started(setup, form, 4 * setup.seconds)).loadedMb
  }
  const runs = Object.entries(all).map(([name, form]) => [name, () => started(setup, form)])
  const measured = await interleaved(
    { ...setup, rounds: 2 * setup.rounds },
    Object.fromEntries(runs) as Record<string, () => Promise<Started>>,
  )
  return outcome(measured, loaded, note)
}

/** Starts the service anew, and ends it. @param loadSeconds for how long it then makes as many tokens as it can */
async function started(setup: Setup, form: Form, loadSeconds = 0): Promise<Started> {
  const dir = newDir()
  const port = await freePort()
  const { env, apiKey } = settings(dir, { ...setup, env: { PORT: String(port) } })
  const requests = tokenRequests(apiKey)
  const began = performance.now()
  const launched = await form(dir, env)
  try {
    await firstToken(port, requests[0] ?? '')
    const firstTokenMs = performance.now() - began
    const pid = await launched.pid()
    const [cpuMs, idleMb] = [cpuSeconds(pid) * 1000, residentMb(pid)]
    if (loadSeconds > 0) await underLoad({ pid, port, requests, stop: () => launched.stop() }, loadSeconds)
    return { firstTokenMs, cpuMs, idleMb, loadedMb: residentMb(pid) }
  } finally {
    await launched.stop()
  }
}

async function underLoad(server: Server, seconds: number): Promise<void> {
  const load = startLoad()
  await closedRound(load, server, seconds)
  await load.stop()
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Asks until somebody listens and answers. @throws Error where the answer is no token, or none comes in time */
async function firstToken(port: number, request: string): Promise<void> {
  const until = performance.now() + 30_000
  while (performance.now() < until) {
    const connection = await openConnection(port).catch(() => undefined)
    const status = await new Promise<number>((resolve) => {
      if (connection === undefined) resolve(0)
      else connection.send(Buffer.from(request), resolve)
    })
    connection?.close()
    if (status === 200) return
    // 0 is of a connection that was refused, or taken by a proxy and dropped.
    if (status !== 0) throw new Error(`the first answer had status ${status}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  throw new Error('there was no first token')
}

function outcome(measured: Record<string, Started[]>, loaded: Record<string, number>, note: string): Outcome {
  const of = (name: string, pick: (started: Started) => number) => median((measured[name] ?? []).map(pick))
  const names = Object.keys(measured)
  return {
    title: 'Start and memory',
    about: `From the start of the process to the first token, without a compile cache, and its resident memory right then and after some seconds of as many tokens as it makes. ${note}`,
    goals: [],
    tables: [
      {
        title: 'By what is started',
        head: ['form', 'first token, ms', 'CPU until then, ms', 'memory idle, MB', 'memory under load, MB'],
        rows: names.map((name) => [
          name,
          of(name, ({ firstTokenMs }) => firstTokenMs),
          of(name, ({ cpuMs }) => cpuMs),
          of(name, ({ idleMb }) => idleMb),
          loaded[name] ?? Number.NaN,
        ]),
      },
    ],
    charts: [
      {
        title: 'Start to first token',
        unit: 'ms',
        bars: names.map((label) => ({ label, value: of(label, ({ firstTokenMs }) => firstTokenMs) })),
      },
    ],
    rounds: Object.fromEntries(names.map((name) => [name, (measured[name] ?? []).map((each) => each.firstTokenMs)])),
  }
}
