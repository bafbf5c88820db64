import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { expect, onTestFinished } from 'vitest'
import { freePort } from '../support/ports.ts'
import { folderOf, openDir, PATIENT_POLL } from './machine.ts'

/** A Redis of the test's own; what it counted outlives it, as with any Redis that keeps an append-only file. */
export type OwnRedis = {
  url: string
  start(): Promise<void>
  kill(): Promise<void>
  hang(): void
  goOn(): void
}

/** Starts a Redis; gone when the test is. */
export async function startRedis(): Promise<OwnRedis> {
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  // Killed, it loses nothing that it handed to the system: fsync would only make it slow.
  const keep = ['--dir', openDir(), '--save', '', '--appendonly', 'yes', '--appendfsync', 'no']
  let server: ChildProcess
  const start = async () => {
    const program = join(folderOf('redis-server') ?? '', 'redis-server')
    server = spawn(program, ['--port', String(port), '--bind', '127.0.0.1', ...keep], { stdio: 'ignore' })
    await expect.poll(() => answers(url), PATIENT_POLL).toBe(true)
  }
  const kill = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return
    const ended = new Promise((resolve) => server.once('exit', resolve))
    server.kill('SIGKILL')
    await ended
  }
  onTestFinished(kill)
  await start()
  return { url, start, kill, hang: () => void server.kill('SIGSTOP'), goOn: () => void server.kill('SIGCONT') }
}

async function answers(url: string): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, connectTimeout: 1000, retryStrategy: () => null })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    return (await redis.ping()) === 'PONG'
  } catch {
    return false
  } finally {
    redis.disconnect()
  }
}
