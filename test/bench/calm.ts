import { machineSeconds } from './cpu.ts'

/** Waits before each round until nobody else uses the machine. */
export type Calm = { wait(): Promise<void>; waits: number; disturbed: number }

/** Cores that may be busy with something else, and how long that is looked at. */
const CALM_CORES = 0.2
const LOOK_MS = 150

/**
 * Other work makes caches cold and lets threads wait for a core. It is waited out, but not for ever.
 * @param patienceMs for how long in all
 */
export function calmFor(patienceMs: number): Calm {
  let patience = patienceMs
  const calm: Calm = {
    waits: 0,
    disturbed: 0,
    async wait() {
      calm.waits += 1
      while (patience > 0) {
        if ((await busyCores()) < CALM_CORES) return
        patience -= LOOK_MS
      }
      if ((await busyCores()) >= CALM_CORES) calm.disturbed += 1
    },
  }
  return calm
}

async function busyCores(): Promise<number> {
  const [before, began] = [machineSeconds(), performance.now()]
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  return (machineSeconds() - before) / ((performance.now() - began) / 1000)
}
