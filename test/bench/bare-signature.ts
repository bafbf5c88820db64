import { createPrivateKey, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** What to sign with, how many at once, for how long. */
export type SigningJob = { keyFile: string; atOnce: number; seconds: number }

/** The signing input of a token has about as many bytes. */
const INPUT = Buffer.alloc(900, 'x')

/** A process that does nothing but sign, off its event loop, as the service does; it answers with how many it made. */
process.on('message', ({ keyFile, atOnce, seconds }: SigningJob) => {
  const key = createPrivateKey(readFileSync(keyFile))
  const until = performance.now() + seconds * 1000
  let made = 0
  let running = atOnce
  const next = () => {
    if (performance.now() < until) sign('sha256', INPUT, key, count)
    else if (--running === 0) process.send?.(made)
  }
  const count = (error: Error | null) => {
    if (error !== null) throw error
    made += 1
    next()
  }
  for (let place = 0; place < atOnce; place += 1) next()
})
