import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressOf, startProcess } from '../process.ts'
import { benchBurst } from './burst.ts'
import { benchCredentials } from './credentials.ts'
import { closeAgents } from './ask.ts'

/** No limits: they are not what is measured. */
const UNLIMITED = Object.fromEntries(
  ['PER_ADDRESS', 'PER_CALLER', 'PER_USER', 'PER_ROOM', 'FAILED_LOGINS'].map((name) => [
    `RATE_LIMIT_${name}`,
    '1000000',
  ]),
)

const dir = mkdtempSync(join(tmpdir(), 'jts-bench-'))
const running = startProcess(dir, { PORT: '0', LOG_LEVEL: 'info', ...UNLIMITED })
try {
  const url = await addressOf(running)
  const apiKey = /jts_development_[A-Za-z0-9_-]{43}/.exec(await running.said('curl'))?.[0] ?? ''
  const machine = `${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}`
  process.stdout.write(`Node ${process.version}, OpenSSL ${process.versions.openssl}, ${machine}\n\n`)
  for (const bench of [benchBurst, benchCredentials])
    process.stdout.write(`${(await bench(url, apiKey)).join('\n')}\n\n`)
} finally {
  closeAgents()
  running.child.kill('SIGTERM')
  await running.ended
  rmSync(dir, { recursive: true })
}
