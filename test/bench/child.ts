import { type ChildProcess, fork, type ForkOptions } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { own } from './own.ts'

/** A process that does one job after another. */
export type Worker<Job, Report> = { pid: number; run(job: Job): Promise<Report>; stop(): Promise<void> }

/** Starts a process of this folder, which takes jobs by messages and answers each with a report. */
export function startWorker<Job extends object, Report>(file: string, options: ForkOptions = {}): Worker<Job, Report> {
  const child = own(fork(fileURLToPath(new URL(file, import.meta.url)), options))
  return {
    pid: child.pid ?? 0,
    run: (job) =>
      new Promise((resolve, reject) => {
        const ended = () => reject(new Error(`${file} ended before it had done its job`))
        child.once('exit', ended)
        child.once('message', (report) => {
          child.off('exit', ended)
          resolve(report as Report)
        })
        child.send(job)
      }),
    stop: () => stop(child),
  }
}

/** Ends a process, and waits for its end. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}
