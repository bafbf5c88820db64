import { setTimeout as wait } from 'node:timers/promises'
import type { Check } from './check.ts'
import { ask, type Outcome, PATIENT_CLIENT, underLoad } from './load.ts'
import type { Project } from './project.ts'

const PER_SECOND = 20
const BEFORE_MS = 2000
const AFTER_MS = 6000
const OUTAGE_MS = 8000

/** The profile `replicas`: what a user notices of a container that goes, and whether the record holds all that was answered. */
export async function checkReplicas(project: Project, check: Check): Promise<void> {
  const answered: string[] = []
  const load = async (name: string, pauses: readonly number[], work: () => Promise<unknown>) => {
    const outcome = await underLoad(project, PER_SECOND, pauses, work)
    answered.push(...outcome.jtis)
    check.tell(name, outcome)
    return outcome
  }
  const around = (work: () => Promise<unknown>) => async () => {
    await wait(BEFORE_MS)
    await work()
    await wait(AFTER_MS)
  }

  const calm = await load('nothing happens', [], () => wait(5000))
  check.that('each request is answered at the first try', calm.failed === 0)
  const writers = await project.sql(SERVED)
  check.that(`both replicas serve (${writers.join(', ')})`, writers.length === 2)
  await ask(project, { 'x-forwarded-for': '203.0.113.9' })
  const addresses = await project.sql("SELECT DISTINCT address FROM audit_entry WHERE action = 'token.issue'")
  check.that(`the record names the client, not the balancer nor what it claims (${addresses.join(', ')})`, [
    addresses.length === 1,
    !addresses.some((address) => address.endsWith('.10') || address.startsWith('203.')),
  ])

  for (const service of ['tokens-1', 'tokens-2', 'redis', 'balancer']) {
    const { failed } = await load(
      `${service} is killed`,
      PATIENT_CLIENT,
      around(() => project.crash(service)),
    )
    check.that(`${service} is killed: no request fails`, failed === 0)
  }
  for (const service of ['tokens-2', 'redis']) {
    const away = async () => {
      await project.compose('kill', service)
      await wait(OUTAGE_MS)
      await project.compose('start', service)
    }
    const { failed } = await load(`${service} is away`, PATIENT_CLIENT, around(away))
    check.that(`${service} is away for ${OUTAGE_MS / 1000} s: no request fails`, failed === 0)
  }
  const stopped = await load(
    'tokens-1 stops',
    [],
    around(() => project.compose('restart', 'tokens-1')),
  )
  check.that('tokens-1 is told to stop: no request fails, though none is sent twice', stopped.failed === 0)

  await checkOutage(project, check, load)
  await checkRecord(project, check, answered)
}

type Load = (name: string, pauses: readonly number[], work: () => Promise<unknown>) => Promise<Outcome>

async function checkOutage(project: Project, check: Check, load: Load): Promise<void> {
  let recoveredMs = Number.NaN
  const { others } = await load('postgres is away', [], async () => {
    await wait(BEFORE_MS)
    await project.compose('kill', 'postgres')
    await wait(OUTAGE_MS)
    await project.compose('start', 'postgres')
    recoveredMs = await untilServed(project)
    await wait(1000)
  })
  const kinds = Object.keys(others)
  check.that('postgres is away: 503 record-unavailable with Retry-After, and nothing else', [
    kinds.length === 1,
    kinds[0] === '503 record-unavailable with Retry-After',
  ])
  check.that(`a token again ${Math.round(recoveredMs)} ms after postgres was started`, Number.isFinite(recoveredMs))
  const { failed } = await load('postgres is back', [], () => wait(5000))
  check.that('postgres is back: each request is answered at the first try', failed === 0)
}

async function untilServed(project: Project): Promise<number> {
  const began = performance.now()
  while (performance.now() - began < 60_000) {
    if ((await ask(project)).status === 200) return performance.now() - began
    await wait(100)
  }
  return Number.NaN
}

async function checkRecord(project: Project, check: Check, answered: readonly string[]): Promise<void> {
  const recorded = new Set(await project.sql('SELECT jti FROM audit_entry WHERE jti IS NOT NULL'))
  const lost = answered.filter((jti) => !recorded.has(jti))
  check.that(`each of ${answered.length} tokens that were answered is in the record`, lost.length === 0)
  const verified = await project.compose('exec', '-T', 'tokens-1', 'jitsi-token-service', 'audit', 'verify')
  check.that(`the record verifies: ${verified.split('\n').at(-1) ?? ''}`, true)
}

/** The replicas that issued tokens, and how many. */
const SERVED = `SELECT first.writer || ' ' || count(*) FROM audit_entry entry
  JOIN audit_entry first ON first.chain = entry.chain AND first.sequence = 1
  WHERE entry.outcome = 'issued' GROUP BY first.writer ORDER BY 1`
