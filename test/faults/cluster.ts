import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { appendFileSync, chownSync, createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { expect, onTestFinished } from 'vitest'
import { freePort } from '../support/ports.ts'
import { childrenOf, folderOf, gone, openDir, PATIENT_POLL, postgresUser, signalAll } from './machine.ts'

/** A PostgreSQL of the test's own, that may be done anything to. */
export type Cluster = {
  /** The URL of its database. */
  url: string
  pid(): number
  /** Starts it again and waits until it takes connections. */
  start(): Promise<void>
  /** Whether its first process is there. */
  alive(): boolean
  /** The power goes: every process is killed at once. */
  kill(): Promise<void>
  /** The way of `pg_ctl restart`: connections are ended, and it comes back. */
  restart(): Promise<void>
  /** It neither answers nor goes away. */
  hang(): void
  goOn(): void
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '40',
  shared_buffers: '16MB',
  min_wal_size: '2MB',
  max_wal_size: '4MB',
}

/** For a write-ahead log on a disk of its own: it grows until that is full, and is never written over. */
const GROWING_LOG = { max_wal_size: '1GB', checkpoint_timeout: '1h' }

/**
 * Makes a cluster and starts it; gone when the test is.
 * @param place the folder for its data, which has to be there
 * @param logPlace the folder for its write-ahead log, where that lies elsewhere
 */
export async function startCluster(place: string = openDir(), logPlace?: string): Promise<Cluster> {
  const bin = folderOf('initdb') ?? ''
  const who = postgresUser()
  const folder = (path: string) => {
    mkdirSync(path, { mode: 0o700 })
    if (who.uid !== undefined && who.gid !== undefined) chownSync(path, who.uid, who.gid)
    return path
  }
  const data = folder(join(place, 'data'))
  const waldir = logPlace === undefined ? [] : [`--waldir=${folder(join(logPlace, 'wal'))}`]
  const initdb = ['-D', data, '-A', 'trust', '-U', 'postgres', '-N', '--wal-segsize=1', ...waldir]
  await promisify(execFile)(join(bin, 'initdb'), initdb, { ...who, cwd: data })
  const port = await freePort()
  const settings = Object.entries({ ...SETTINGS, ...(logPlace === undefined ? {} : GROWING_LOG), port }).map(
    ([name, value]) => `${name} = '${value}'\n`,
  )
  appendFileSync(join(data, 'postgresql.conf'), settings.join(''))

  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  // Its log lies elsewhere: its own disk may be full.
  const log = createWriteStream(join(openDir(), 'log'))
  let postmaster: ChildProcess
  const start = async () => {
    postmaster = spawn(join(bin, 'postgres'), ['-D', data], { ...who, cwd: data, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [postmaster.stdout, postmaster.stderr]) stream?.pipe(log, { end: false })
    await expect.poll(() => answers(url), PATIENT_POLL).toBe(true)
  }
  const pid = () => postmaster.pid ?? 0
  const end = async (how: () => void) => {
    const all = [pid(), ...childrenOf(pid())]
    how()
    await gone(all)
  }
  const kill = () => end(() => signalAll(pid(), 'SIGKILL'))
  onTestFinished(kill)
  await start()
  return {
    url,
    pid,
    start,
    kill,
    alive: () => postmaster.exitCode === null && postmaster.signalCode === null,
    async restart() {
      await end(() => postmaster.kill('SIGINT'))
      await start()
    },
    hang: () => signalAll(pid(), 'SIGSTOP'),
    goOn: () => signalAll(pid(), 'SIGCONT'),
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('SELECT 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}
