import { cpuSeconds, machineSeconds, secondsOf } from './cpu.ts'
import { ownPids } from './own.ts'

/** Measures while nobody else uses the machine, as far as that can be had. */
export type Calm = {
  /** Runs a round; again where other work disturbed it, as long as there is patience. */
  round<T>(run: () => Promise<T>): Promise<T>
  rounds: number
  disturbed: number
}

/** Cores that may be busy with something else, and how long that is looked at before a round. */
const CALM_CORES = 0.2
const LOOK_MS = 150

/**
 * Other work makes caches cold and lets threads wait for a core. It is waited out, but not for ever.
 * @param patienceMs for how long in all, over waits and rounds that were in vain
 */
export function calmFor(patienceMs: number): Calm {
  let patience = patienceMs
  const look = () => new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  const calm: Calm = {
    rounds: 0,
    disturbed: 0,
    async round(run) {
      calm.rounds += 1
      for (;;) {
        while (patience > 0 && (await othersDuring(look)).cores > CALM_CORES) patience -= LOOK_MS
        const { outcome, cores, ms } = await othersDuring(run)
        if (cores > CALM_CORES && patience > 0) patience -= ms
        else {
          if (cores > CALM_CORES) calm.disturbed += 1
          return outcome
        }
      }
    },
  }
  return calm
}

/** Cores that were busy with what is neither ours nor the database's while something ran. */
async function othersDuring<T>(run: () => Promise<T>): Promise<{ outcome: T; cores: number; ms: number }> {
  const others = () =>
    machineSeconds() - ownPids().reduce((sum, pid) => sum + cpuSeconds(pid, true), 0) - secondsOf('postgres')
  const [before, began] = [others(), performance.now()]
  const outcome = await run()
  const ms = performance.now() - began
  return { outcome, cores: (others() - before) / (ms / 1000), ms }
}
