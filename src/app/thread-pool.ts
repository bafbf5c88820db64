import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism, setPriority } from 'node:os'

/**
 * The thread pool, in which signatures are computed, gets one thread for each core; more threads only delay the event loop.
 * libuv reads the variable once, when the pool is first used. The count respects the CPU limit of a container (libuv 1.49).
 */
process.env['UV_THREADPOOL_SIZE'] ??= String(availableParallelism())

/** The nice value of the signing threads (nice(2)), so that the event loop, which answers probes, runs first. */
const NICENESS = 10

/**
 * Lowers the priority of the signing threads below that of the event loop, on Linux only: other systems have no priority per
 * thread. The pool must already be in use.
 * @returns the number of threads whose priority was lowered; 0 on other systems
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
