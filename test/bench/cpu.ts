import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts the time of processes in this unit, on every architecture (USER_HZ). */
const TICKS_A_SECOND = 100

/** The kinds of threads of a Node process. */
export type Threads = { main: number; pool: number; other: number }

/** Seconds of user and system time from a line of /proc/…/stat (proc(5): fields 14 and 15). */
function secondsIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND
}

/** CPU seconds that a process has used so far, as the operating system counts them. */
export const cpuSeconds = (pid: number): number => secondsIn(readFileSync(`/proc/${pid}/stat`, 'utf8'))

/** The same by thread: the one of the event loop, those of libuv's pool, and those of V8 (compiler, garbage collector). */
export function threadSeconds(pid: number): Threads {
  const seconds: Threads = { main: 0, pool: 0, other: 0 }
  for (const tid of readdirSync(`/proc/${pid}/task`)) {
    const stat = readFileSync(`/proc/${pid}/task/${tid}/stat`, 'utf8')
    const kind = tid === String(pid) ? 'main' : stat.includes('libuv-worker') ? 'pool' : 'other'
    seconds[kind] += secondsIn(stat)
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
