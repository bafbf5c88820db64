import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism, setPriority } from 'node:os'

/**
 * Gives the pool in which signatures are made one thread a core; more only make the event loop wait. Loaded before all else,
 * for libuv asks once, when the pool is used first. The count obeys the processor limits of a container (libuv 1.49).
 */
process.env['UV_THREADPOOL_SIZE'] ??= String(availableParallelism())

/** As much as signing may give way to the event loop, which answers probes and reads requests (nice(2)). */
const NICENESS = 10

/**
 * Lets the event loop go before signatures, where the system knows priorities of threads: Linux. The pool has to be in use.
 * @returns how many threads give way
 */
export function yieldToEventLoop(): number {
  try {
    const workers = readdirSync('/proc/self/task').filter(
      (id) => readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim() === 'libuv-worker',
    )
    for (const id of workers) setPriority(Number(id), NICENESS)
    return workers.length
  } catch {
    return 0
  }
}
