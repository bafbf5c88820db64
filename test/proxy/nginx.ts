import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { tempDir } from '../kit.ts'
import { freePort } from '../support/ports.ts'

/** The nginx of the tests: that of Debian's package `nginx-light`. */
const EXECUTABLE = '/usr/sbin/nginx'

export const HAS_NGINX = existsSync(EXECUTABLE)

/** For the names of the tests: why they are skipped. */
export const SKIPPED = HAS_NGINX ? '' : ` (skipped: no ${EXECUTABLE}; install nginx-light)`

/**
 * Starts nginx, which ends with the test.
 * @param configure returns the configuration that listens on a port of 127.0.0.1; temporary files are in the folder
 * @returns the origin that it serves
 */
export async function startNginx(configure: (port: number, dir: string) => string): Promise<string> {
  const [dir, port] = [tempDir(), await freePort()]
  const path = join(dir, 'nginx.conf')
  writeFileSync(path, configure(port, dir))
  const child = spawn(EXECUTABLE, ['-e', 'stderr', '-p', dir, '-c', path], { stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (data) => (errors += String(data)))
  onTestFinished(async () => {
    if (child.exitCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  })
  await expect
    .poll(async () => {
      if (child.exitCode !== null) throw new Error(errors)
      return isListening(port)
    })
    .toBe(true)
  return `http://127.0.0.1:${port}`
}

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
