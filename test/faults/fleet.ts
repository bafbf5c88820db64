import { expect } from 'vitest'
import { startServiceProcess, tempDir, testEnv, UNLIMITED } from '../kit.ts'
import { addressOf, type Running } from '../support/process.ts'
import { PATIENT_POLL } from './machine.ts'

/** Tokens a minute for one room in every service of the suite; the load asks for each room once. */
export const PER_ROOM = 3

/** Patience with a machine that has more to do than this suite: overload is tried elsewhere. */
const BUSY = { SIGNING_QUEUE_MS: '3000' }

/** One instance of the service. Its address stays when it is started again. */
export type Instance = {
  name: string
  url: string
  port: number
  running: Running
  pid(): number
  /** Starts it again, at the same address. */
  start(): Promise<void>
  /** Ends it, and tells the exit code or the signal. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | string | null>
}

/** Starts the service; gone when the test is. */
export async function startInstance(name: string, env: Record<string, string>): Promise<Instance> {
  const dir = tempDir()
  const settings = { ...testEnv(dir), ...UNLIMITED, ...BUSY, RATE_LIMIT_PER_ROOM: String(PER_ROOM), AUDIT_WRITER: name }
  const launch = (PORT: number) => startServiceProcess(dir, { ...settings, ...env, PORT: String(PORT) })
  const first = launch(0)
  const url = await addressOf(first)
  const instance: Instance = {
    name,
    url,
    port: Number(new URL(url).port),
    running: first,
    pid: () => instance.running.child.pid ?? 0,
    async start() {
      instance.running = launch(instance.port)
      await addressOf(instance.running)
    },
    end(signal) {
      instance.running.child.kill(signal)
      return instance.running.ended
    },
  }
  return instance
}

/** Starts two instances on one PostgreSQL and, where there is one, one Redis. */
export async function startFleet(
  database: string,
  redis?: string,
  more: Record<string, string> = {},
): Promise<[Instance, Instance]> {
  const env = { DATABASE_URL: database, ...(redis === undefined ? {} : { REDIS_URL: redis }), ...more }
  // One after the other: two starts at once would only take each other's processor.
  return [await startInstance('one', env), await startInstance('two', env)]
}

/** What a probe says: its status, or 0 where nobody answered. */
export async function probe(instance: { url: string }, path: '/livez' | '/readyz'): Promise<number> {
  const answer = await fetch(`${instance.url}${path}`, { signal: AbortSignal.timeout(20_000) }).catch(() => undefined)
  await answer?.arrayBuffer().catch(() => undefined)
  return answer?.status ?? 0
}

/** Waits until each instance says whether it may have traffic; each has to be alive all the while. */
export async function expectReadyz(instances: readonly { url: string }[], status: 200 | 503): Promise<void> {
  const all = () => Promise.all(instances.map((instance) => probe(instance, '/readyz')))
  await expect.poll(all, PATIENT_POLL).toStrictEqual(instances.map(() => status))
  expect(await livez(instances)).toStrictEqual(instances.map(() => 200))
}

export const livez = (instances: readonly { url: string }[]): Promise<number[]> =>
  Promise.all(instances.map((instance) => probe(instance, '/livez')))
