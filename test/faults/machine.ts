import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { tempDir } from '../kit.ts'

/** How long a state may take to come, in milliseconds: far longer than it does, for machines that have more to do. */
const PATIENCE_MS = 90_000

/** The same for `expect.poll`. */
export const PATIENT_POLL = { timeout: PATIENCE_MS, interval: 50 }

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Prints what a test counted: a figure for whoever reads the run, and nothing that decides it. */
export function tell(what: string, figures: Record<string, unknown>): void {
  const words = Object.entries(figures).map(([name, value]) => `${name} ${String(value)}`)
  process.stdout.write(`  ${what}: ${words.join(', ')}\n`)
}

/** A folder of its own, gone when the test is, that other users may walk through. */
export function openDir(): string {
  const dir = tempDir()
  chmodSync(dir, 0o755)
  return dir
}

/** @returns the folder of a program, or undefined where it is not installed */
export function folderOf(program: string): string | undefined {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : []
  const folders = [...(process.env['PATH'] ?? '').split(':'), ...versions.map((each) => join(debian, each, 'bin'))]
  return folders.find((folder) => existsSync(join(folder, program)))
}

/** Says for a test's name which of the programs it needs are missing; empty where all are there. */
export function lacking(...programs: string[]): string {
  const missing = programs.filter((program) => folderOf(program) === undefined)
  return missing.length === 0 ? '' : ` (skipped: no ${missing.join(', ')} here)`
}

/** Whom PostgreSQL runs as: it refuses root. */
export function postgresUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** The processes that a process started and that still run. */
export function childrenOf(pid: number): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return all.map(Number).filter((each) => parentOf(each) === pid)
}

/** @returns undefined for a process that is gone, or dead and only not yet buried */
function parentOf(pid: number): number | undefined {
  try {
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return state === 'Z' ? undefined : Number(parent)
  } catch {
    return undefined
  }
}

/** Sends a signal to a process and all that it started; those that are gone are no fault. */
export function signalAll(pid: number, signal: NodeJS.Signals): void {
  // The parent first: from then on it starts no more.
  trySignal(pid, signal)
  for (const child of childrenOf(pid)) trySignal(child, signal)
}

function trySignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as { code?: string }).code !== 'ESRCH') throw error
  }
}

/** Waits until the processes are gone. */
export async function gone(pids: readonly number[]): Promise<void> {
  await expect.poll(() => pids.filter((pid) => parentOf(pid) !== undefined), PATIENT_POLL).toStrictEqual([])
}

/** What the files are that a process has open. */
function openFiles(pid: number): string[] {
  const dir = `/proc/${pid}/fd`
  return readdirSync(dir).flatMap((name) => {
    try {
      return [readlinkSync(join(dir, name))]
    } catch {
      return []
    }
  })
}

export const descriptorsOf = (pid: number): number => openFiles(pid).length

export const socketsOf = (pid: number): number => openFiles(pid).filter((name) => name.startsWith('socket:')).length

/** Resident memory of a process, in MiB. */
export function residentMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(kib) / 1024)
}
