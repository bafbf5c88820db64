import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a run of benchmarks makes, and takes away again however it ends. */
let root: string | undefined
const children = new Set<ChildProcess>()

/** A folder for this run alone. */
export function newDir(): string {
  root ??= mkdtempSync(join(tmpdir(), 'jts-bench-'))
  return mkdtempSync(join(root, 'part-'))
}

/** This process and those that it started. */
export const ownPids = (): number[] => [process.pid, ...[...children].flatMap(({ pid }) => pid ?? [])]

/** Makes a process end no later than this one. */
export function own(child: ChildProcess): ChildProcess {
  children.add(child)
  return child.once('exit', () => children.delete(child))
}

process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  if (root !== undefined) rmSync(root, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
