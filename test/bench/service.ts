import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onCore } from './cores.ts'
import manifest from '../../package.json' with { type: 'json' }
import { newApiKey } from '../../src/auth/api-keys.ts'
import { METRICS_TOKEN } from '../support/process.ts'
import { stop } from './child.ts'
import { newDir, own } from './own.ts'

/** A server under load, a process of its own. */
export type Server = { pid: number; port: number; requests: readonly string[]; stop(): Promise<void> }

/** The service as production runs it: a policy, the record on disk, limits that count but refuse nobody, logs to a file. */
export type ServiceOptions = {
  keysDir: string
  /** The module that is the process; that of production where none is named. */
  entry?: string
  entryArguments?: readonly string[]
  /** For Node itself. */
  nodeArguments?: readonly string[]
  env?: Readonly<Record<string, string>>
  /** How many callers the policy knows. */
  callers?: number
  databaseUrl?: string
  /** Whether callers are held to consultations, which then have to be in the database. */
  heldToConsultations?: boolean
  /** The only core that it may use; all of them where none is named. */
  core?: number
}

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** What `npm start` gives to Node itself, before the module. */
export const START_ARGUMENTS = manifest.scripts.start.split(' ').slice(1, -1)

const UNLIMITED = Object.fromEntries(
  ['PER_ADDRESS', 'PER_CALLER', 'PER_USER', 'PER_ROOM', 'FAILED_LOGINS'].map((name) => [
    `RATE_LIMIT_${name}`,
    '1000000',
  ]),
)

/** Starts the service; resolves once it listens. */
export async function startService(options: ServiceOptions): Promise<Server> {
  const dir = newDir()
  const { env, apiKey } = settings(dir, options)
  const { nodeArguments = [], entry = MAIN, entryArguments = [] } = options
  const log = join(dir, 'service.log')
  const file = openSync(log, 'a')
  const [command, ...words] = onCore(
    options.core,
    process.execPath,
    ...START_ARGUMENTS,
    ...nodeArguments,
    entry,
    ...entryArguments,
  )
  const child = spawn(command, words, {
    cwd: dir,
    stdio: ['ignore', file, file],
    env: { PATH: process.env['PATH'], ...env },
  })
  own(child)
  closeSync(file)
  const port = await portIn(log, child)
  return {
    pid: child.pid ?? 0,
    port,
    requests: tokenRequests(apiKey),
    stop: () => stop(child),
  }
}

/** Writes what the service reads into a folder. @returns its environment, and the API key of a caller of its policy */
export function settings(
  dir: string,
  { keysDir, env = {}, callers = 1, heldToConsultations = false, ...rest }: ServiceOptions,
): { env: Record<string, string>; apiKey: string } {
  const { databaseUrl = `sqlite:${join(dir, 'service.db')}` } = rest
  const rooms = heldToConsultations ? 'rooms: consultations, ' : ''
  const keys = Array.from({ length: callers }, (_, index) => newApiKey(`backend-${index + 1}`))
  const lines = keys.map(
    ({ sha256 }, index) =>
      `  - { id: backend-${index + 1}, apiKeySha256: ["${sha256}"], roles: [doctor, patient], ${rooms}scopes: ["tokens:issue"] }`,
  )
  writeFileSync(join(dir, 'policy.yaml'), `${POLICY}callers:\n${lines.join('\n')}\n`)
  return {
    apiKey: keys[Math.floor(callers / 2)]?.apiKey ?? '',
    env: {
      NODE_ENV: 'production',
      PORT: '0',
      METRICS_TOKEN,
      JAAS_APP_ID: 'vpaas-magic-cookie-1fc542a3e4414a44b2611668195e2bfe',
      KEYS_DIR: keysDir,
      POLICY_FILE: join(dir, 'policy.yaml'),
      DATABASE_URL: databaseUrl,
      ...UNLIMITED,
      ...env,
    },
  }
}

const POLICY = `rooms:
  pattern: "^bharattelemed-[a-z0-9]+(?:-[a-z0-9]+)*$"
roles:
  doctor:  { moderator: true,  lifetimeMinutes: { default: 90, max: 240 }, features: [recording, transcription, screen-sharing, file-upload, send-groupchat, create-polls], shareEmail: false }
  patient: { moderator: false, lifetimeMinutes: { default: 90, max: 120 }, features: [send-groupchat] }
`

/** A thousand requests for tokens, each for another person and room. */
export const tokenRequests = (apiKey: string): string[] =>
  Array.from({ length: 1000 }, (_, index) =>
    httpRequest(
      'POST',
      '/api/jitsi/token',
      { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      {
        roomId: `bharattelemed-p${1000 + index}-d77-1764000000`,
        userId: index % 2 === 0 ? `doctor-${index}` : `patient-${index}`,
        userName: index % 2 === 0 ? 'Dr. Meera Iyer' : 'Asha Rao',
        userRole: index % 2 === 0 ? 'doctor' : 'patient',
      },
    ),
  )

/** The text of a request. @param body an object to be sent as JSON, or text */
export function httpRequest(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body: object | string = '',
): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const all = { host: '127.0.0.1', ...headers, ...(text === '' ? {} : { 'content-length': String(text.length) }) }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${text}`
}

const START_TIMEOUT_MS = 30_000

/** Waits until the service says where it listens. @throws Error with all it said where it ends before */
async function portIn(log: string, child: ChildProcess): Promise<number> {
  const ended = once(child, 'exit')
  const until = performance.now() + START_TIMEOUT_MS
  while (performance.now() < until) {
    const said = readFileSync(log, 'utf8')
    const port = /Server listening at http:[^"]*:(\d+)"/.exec(said)?.[1]
    if (port !== undefined && said.includes('"msg":"ready"')) return Number(port)
    if (child.exitCode !== null) throw new Error(`the service ended with ${child.exitCode}:\n${said}`)
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 20))])
  }
  child.kill('SIGKILL')
  throw new Error('the service did not say in time where it listens')
}
