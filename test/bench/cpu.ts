import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts the time of processes in this unit, on every architecture (USER_HZ). */
const TICKS_A_SECOND = 100

/** The kinds of threads of a Node process. */
export type Threads = { main: number; pool: number; record: number; other: number }

/** Seconds of user and system time from a line of /proc/…/stat (proc(5): fields 14 and 15; 16 and 17 of ended children). */
function secondsIn(stat: string, withChildren = false): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, withChildren ? 15 : 13).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_A_SECOND
}

/** CPU seconds that a process has used so far, as the operating system counts them. */
export const cpuSeconds = (pid: number, withChildren = false): number =>
  secondsIn(readFileSync(`/proc/${pid}/stat`, 'utf8'), withChildren)

/** The same of all processes of a name. */
export function secondsOf(name: string): number {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/stat`, 'utf8')
      } catch {
        return ''
      }
    })
    .filter((stat) => stat.includes(`(${name})`))
    .reduce((sum, stat) => sum + secondsIn(stat, true), 0)
}

/** The name by which the system knows a thread, and its kind. */
const KINDS = { '(libuv-worker)': 'pool', '(sqlite)': 'record' } as const

/**
 * The same by thread: the one of the event loop, those of libuv's pool, that of the SQLite database, and those of V8 (compiler,
 * garbage collector).
 */
export function threadSeconds(pid: number): Threads {
  const seconds: Threads = { main: 0, pool: 0, record: 0, other: 0 }
  for (const tid of readdirSync(`/proc/${pid}/task`)) {
    const stat = readFileSync(`/proc/${pid}/task/${tid}/stat`, 'utf8')
    const kind = Object.entries(KINDS).find(([name]) => stat.includes(name))?.[1] ?? 'other'
    seconds[tid === String(pid) ? 'main' : kind] += secondsIn(stat)
  }
  return seconds
}

/** Resident memory of a process, in megabytes. */
export const residentMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

/** CPU seconds that all processes of the machine have used so far. */
export function machineSeconds(): number {
  const [, user, nice, system, , , irq, softirq, steal] =
    readFileSync('/proc/stat', 'utf8').split('\n')[0]?.split(/\s+/) ?? []
  return [user, nice, system, irq, softirq, steal].reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_A_SECOND
}
