import { setTimeout as wait } from 'node:timers/promises'
import type { Check } from './check.ts'
import { PATIENT_CLIENT, underLoad } from './load.ts'
import type { Project } from './project.ts'

/** The profile `single`: it serves, and comes back by itself with its record. */
export async function checkSingle(project: Project, check: Check): Promise<void> {
  const outcome = await underLoad(project, 20, PATIENT_CLIENT, async () => {
    await wait(2000)
    await project.crash('tokens')
    await wait(6000)
  })
  check.tell('tokens is killed', outcome)
  check.that('tokens is killed: no request fails', outcome.failed === 0)
  const verified = await project.compose('exec', '-T', 'tokens', 'jitsi-token-service', 'audit', 'verify')
  check.that(`the record verifies: ${verified.split('\n').at(-1) ?? ''}`, true)
}
