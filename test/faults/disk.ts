import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { openDir, PATIENT_POLL } from './machine.ts'

/** A file system of the test's own, small enough to be filled. */
export type SmallDisk = {
  path: string
  /** Takes all the room that is left. */
  fill(): void
  /** Gives that room back. */
  free(): void
}

/**
 * Makes and mounts a small disk; unmounted when the test is over.
 * @returns or why that cannot be done here
 */
export function mountDisk(sizeMiB: number): SmallDisk | string {
  const dir = openDir()
  const path = join(dir, 'disk')
  mkdirSync(path)
  try {
    mount(dir, path, sizeMiB)
  } catch (error) {
    return `no file system can be mounted here (${String(error).split('\n')[0]})`
  }
  onTestFinished(async () => {
    // Who wrote there may only now be ending.
    await expect.poll(() => succeeds('umount', path), PATIENT_POLL).toBe(true)
  })
  chmodSync(path, 0o755)
  const ballast = join(path, 'ballast')
  return { path, fill: () => fillWith(ballast), free: () => rmSync(ballast) }
}

/** A loop mount, which has a disk's ways, or else a file system in memory. */
function mount(dir: string, path: string, sizeMiB: number): void {
  const image = join(dir, 'image')
  writeFileSync(image, '')
  truncateSync(image, sizeMiB * 1024 ** 2)
  const isMade = succeeds('mkfs.ext4', '-q', '-F', '-m', '0', image) && succeeds('mount', '-o', 'loop', image, path)
  if (!isMade) execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', path], { stdio: 'pipe' })
}

function succeeds(program: string, ...words: string[]): boolean {
  try {
    execFileSync(program, words, { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}

/** Writes until nothing more fits, not even a small block. */
function fillWith(file: string): void {
  const descriptor = openSync(file, 'w')
  for (const size of [1024 ** 2, 64 * 1024, 4096, 512]) {
    const block = Buffer.alloc(size, 1)
    try {
      for (;;) writeSync(descriptor, block)
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' })
    }
  }
  closeSync(descriptor)
}

/** How much room is left, in KiB. */
export function freeKiB(path: string): number {
  const { bavail, bsize } = statfsSync(path)
  return Math.round((bavail * bsize) / 1024)
}
