import { type ChildProcess, spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Compiled once for all processes of a run, which start the faster. */
export const COMPILE_CACHE = join(tmpdir(), 'jts-compile-cache')

/** The token for the metrics of every service of the tests. With it, they are on the port of the service. */
export const METRICS_TOKEN = 'scraper-of-the-tests'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export type Running = {
  child: ChildProcess
  /** Everything printed so far, on both streams. */
  output(): string
  /** Resolves once the text is printed. */
  said(text: string | RegExp): Promise<string>
  /** Resolves with the exit code, or the signal's name. */
  ended: Promise<number | string | null>
}

/** Starts the service as a process of its own, in a folder, with these variables and no others of ours. */
export function startProcess(cwd: string, env: Record<string, string>): Running {
  const child = spawn(process.execPath, [MAIN], {
    cwd,
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
  })
  let output = ''
  child.stdout.on('data', (data) => (output += String(data)))
  child.stderr.on('data', (data) => (output += String(data)))
  const ended = new Promise<number | string | null>((resolve) => {
    child.on('close', (code, signal) => resolve(signal ?? code))
  })
  return {
    child,
    ended,
    output: () => output,
    said: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (typeof text === 'string' ? output.includes(text) : text.test(output)) resolve(output)
        }
        child.stdout.on('data', look)
        child.stderr.on('data', look)
        void ended.then((code) => reject(new Error(`ended with ${code} before it said ${String(text)}:\n${output}`)))
        look()
      }),
  }
}

/** The address that a service says it listens on. */
export async function addressOf(running: Running): Promise<string> {
  const said = await running.said('"msg":"ready"')
  return /Server listening at (http:[^"]+)"/.exec(said)?.[1] ?? ''
}
