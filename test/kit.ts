import { createHash } from 'node:crypto'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pino } from 'pino'
import { inject, onTestFinished } from 'vitest'
import { buildApp } from '../src/app/app.ts'
import { newApiKey } from '../src/auth/api-keys.ts'
import { type Client, createClient, type TokenRequest } from '../src/client/client.ts'
import { readConfig } from '../src/config/config.ts'
import type { App } from '../src/http/server/app-type.ts'
import { compose, type ComposeOptions, type Deps } from '../src/app/compose.ts'
import { METRICS_TOKEN, type Running, startProcess } from './support/process.ts'

/** 2026-11-23T09:00:00.000Z, in epoch milliseconds: what every service of the kit takes for now. */
export const NOW = 1_795_424_400_000

export const APP_ID = 'vpaas-magic-cookie-1fc542a3e4414a44b2611668195e2bfe'

/** May ask for both roles and every room of the policy. */
export const CLINIC = newApiKey('clinic-backend')
/** May ask for patients alone, in rooms that begin with bharattelemed-ward-. */
export const WARD = newApiKey('ward-backend')

export const POLICY = `
rooms:
  pattern: "^bharattelemed-[a-z0-9]+(?:-[a-z0-9]+)*$"
roles:
  doctor:  { moderator: true,  lifetimeMinutes: { default: 90, max: 240 }, features: [recording, transcription, screen-sharing, file-upload, send-groupchat, create-polls], shareEmail: false }
  patient: { moderator: false, lifetimeMinutes: { default: 90, max: 120 }, features: [send-groupchat] }
  observer: { moderator: false, lifetimeMinutes: { default: 30, max: 30 }, features: [], shareEmail: true }
callers:
  - id: clinic-backend
    apiKeySha256: ["${CLINIC.sha256}"]
    roles: [doctor, patient, observer]
    scopes: ["tokens:issue"]
  - id: ward-backend
    apiKeySha256: ["${WARD.sha256}"]
    roles: [patient]
    rooms: "^bharattelemed-ward-.*$"
    scopes: ["tokens:issue"]
`

export const DOCTOR: TokenRequest = {
  roomId: 'bharattelemed-p1042-d77-1764000000',
  userId: 'doctor-77',
  userName: 'Dr. Meera Iyer',
  userRole: 'doctor',
}
export const PATIENT: TokenRequest = { ...DOCTOR, userId: 'patient-1042', userName: 'Asha Rao', userRole: 'patient' }

/** Settings for a suite that asks more than the limits let through, on a machine that may be slow. */
export const UNLIMITED: Record<string, string> = {
  ...Object.fromEntries(
    ['PER_ADDRESS', 'PER_CALLER', 'PER_USER', 'PER_ROOM', 'PER_INVITATION', 'FAILED_LOGINS'].map((name) => [
      `RATE_LIMIT_${name}`,
      '1000000',
    ]),
  ),
  SIGNING_QUEUE_MS: '10000',
}

/** A folder of its own, gone when the test is. */
export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'jts-test-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** Writes a file into a folder of its own. */
export function tempFile(name: string, text: string, mode = 0o600): string {
  const path = join(tempDir(), name)
  writeFileSync(path, text, { mode })
  return path
}

/** Numbered ids: …0001, …0002. */
function countedIds(): () => string {
  let count = 0
  return () => `00000000-0000-4000-8000-${String(++count).padStart(12, '0')}`
}

export type Service = {
  app: App
  parts: Deps
  /** Asks as the caller CLINIC. */
  client: Client
  clientOf(apiKey: string): Client
  /** The record as it stands on disk, but for what was recorded of keys, policy, start and stop. */
  entries(): Entry[]
  /** All of it. */
  allEntries(): Entry[]
  /** What was logged, line by line. */
  logLines: string[]
}

/** No test is decided by how fast the machine lets Redis answer. */
const UNHURRIED_REDIS: ComposeOptions = { redisTimeoutMs: 30_000 }

/**
 * The production app over a real database in a folder of its own, with a fixed clock and counted ids.
 * @param env settings beside those of the kit
 * @param replace parts to put in place of the real ones
 * @param policy the text of the policy file
 * @param options of `compose`
 */
export async function startService(
  env: Record<string, string> = {},
  replace: (parts: Deps) => Partial<Deps> = () => ({}),
  policy = POLICY,
  options: ComposeOptions = UNHURRIED_REDIS,
): Promise<Service> {
  const service = await openService(env, replace, policy, options)
  onTestFinished(() => service.close())
  return service
}

/** The same for several tests; `close` is the caller's to call. */
export async function openService(
  env: Record<string, string> = {},
  replace: (parts: Deps) => Partial<Deps> = () => ({}),
  policy = POLICY,
  options: ComposeOptions = UNHURRIED_REDIS,
): Promise<Service & { close(): Promise<void> }> {
  const dir = mkdtempSync(join(tmpdir(), 'jts-test-'))
  copyFileSync(inject('emptyDatabase'), join(dir, 'service.db'))
  const { config, errors } = readConfig({ ...testEnv(dir, policy), ...env })
  const logLines: string[] = []
  const logger = pino({ level: 'trace' }, { write: (line: string) => void logLines.push(line) })
  // No bucket refills during a test, however slow the machine is. With Redis, its clock counts.
  const limiterClock = config.REDIS_URL === undefined ? { limiterNowMs: () => 0 } : {}
  const opened = await compose(config, logger, errors, { ...limiterClock, ...options })
  const fixed: Deps = { ...opened, clock: () => NOW, newId: countedIds() }
  const parts = { ...fixed, ...replace(fixed) }
  const app = await buildApp(config, parts, logger)
  const clientOf = (apiKey: string) =>
    createClient({ baseUrl: 'http://service.test', credential: apiKey, fetch: throughInject(app) })
  return {
    app,
    parts,
    client: clientOf(CLINIC.apiKey),
    clientOf,
    entries: () =>
      readEntries(join(dir, 'service.db')).filter(({ action }) => !/^(key|service|policy)\./.test(String(action))),
    allEntries: () => readEntries(join(dir, 'service.db')),
    logLines,
    async close() {
      await app.close()
      await opened.close()
      rmSync(dir, { recursive: true })
    },
  }
}

/** The service as a process of its own, gone when the test is. */
export function startServiceProcess(cwd: string, env: Record<string, string>): Running {
  const running = startProcess(cwd, env)
  onTestFinished(() => void running.child.kill('SIGKILL'))
  return running
}

/** @returns the metrics of a service of the kit */
export const scrape = (app: Service['app']) =>
  app.inject({ url: '/metrics', headers: { authorization: `Bearer ${METRICS_TOKEN}` } })

/** Settings for a service whose files are in a folder. */
export function testEnv(dir: string, policy = POLICY): Record<string, string> {
  writeFileSync(join(dir, 'policy.yaml'), policy)
  return {
    NODE_ENV: 'production',
    // With a token, the metrics are on the port of the service, as tests of several services need.
    METRICS_TOKEN,
    JAAS_APP_ID: APP_ID,
    KEYS_DIR: inject('keysDir'),
    POLICY_FILE: join(dir, 'policy.yaml'),
    DATABASE_URL: `sqlite:${join(dir, 'service.db')}`,
  }
}

/** The private key that the services of the kit sign with. */
export const testKeyPem = (): string => readFileSync(join(inject('keysDir'), 'test-key.pem'), 'utf8')

/** Another one. A key takes a second to make. */
export const secondKeyPem = (): string => inject('secondKeyPem')

function throughInject(app: App) {
  return async (url: string, init: RequestInit): Promise<Response> => {
    const { pathname, search } = new URL(url)
    const answer = await app.inject({
      method: init.method as 'POST',
      url: `${pathname}${search}`,
      headers: init.headers as Record<string, string>,
      payload: init.body as string,
    })
    return new Response(answer.body, { status: answer.statusCode, headers: answer.headers as Record<string, string> })
  }
}

/** The writers of a store that a test opens, with chains named after them. */
export const writersOf = (name: string, chain = name) => ({
  own: { name, chain },
  anonymous: { name: `${name}/anonymous`, chain: `${chain}-anonymous` },
})

/** A row of the record: members that are null left out. */
export type Entry = Record<string, string | number>

/** Reads the record from its file, past every line of the service's own code. */
export function readEntries(path: string): Entry[] {
  const file = new DatabaseSync(path, { readOnly: true })
  try {
    const rows = file.prepare('SELECT * FROM audit_entry ORDER BY rowid').all()
    return rows.map(
      (row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as unknown as Entry,
    )
  } finally {
    file.close()
  }
}

/**
 * Checks chains as an auditor would who has the description of them and nothing else.
 * @returns the number of the first entry, from 1, that does not fit, or undefined
 */
export function brokenAt(entries: readonly Entry[]): number | undefined {
  const ends = new Map<string, { sequence: number; hash: string }>()
  for (const [index, { hash, previous_hash, ...kept }] of entries.entries()) {
    const chain = String(kept['chain'])
    const [before, at] = String(kept['previous_chain'] ?? ':0').split(':')
    const end = ends.get(chain) ?? {
      sequence: 0,
      hash: before === '' ? '0'.repeat(64) : ends.get(String(before))?.hash,
    }
    if (!ends.has(chain) && before !== '' && ends.get(String(before))?.sequence !== Number(at)) return index + 1
    const camel = Object.entries(kept).map(([key, value]) => [
      key.replace(/_(.)/g, (_, c: string) => c.toUpperCase()),
      value,
    ])
    const sorted = Object.fromEntries(camel.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1))) as object
    const expected = createHash('sha256')
      .update(`${String(previous_hash)}\n${JSON.stringify(sorted)}`)
      .digest('hex')
    if (hash !== expected || previous_hash !== end.hash || kept['sequence'] !== end.sequence + 1) return index + 1
    ends.set(chain, { sequence: end.sequence + 1, hash: expected })
  }
  return undefined
}
