import type { Calm } from './calm.ts'
import type { Outcome } from './result.ts'

/** What every benchmark is given. */
export type Setup = {
  /** A folder with one key of 4096 bits and two primes, made for this run. */
  keysDir: string
  keyFile: string
  /** How often each side is measured, and for how long each time. */
  rounds: number
  seconds: number
  calm: Calm
  /** Whether what takes long is to be left out. */
  quick: boolean
}

export type Bench = (setup: Setup) => Promise<Outcome>
