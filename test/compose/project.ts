import { execFile } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { newApiKey } from '../../src/auth/api-keys.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** The user that the image runs as. */
const SERVICE_UID = 1000
const PORT = 3995

const run = promisify(execFile)

/** What `docker compose ps` tells of a container. */
type Container = { ID: string; Service: string; State: string; Health: string; ExitCode: number }

/** The compose file in a profile, with keys, policy and secrets made for it, under a name of its own. */
export type Project = {
  url: string
  apiKey: string
  /** Runs `docker compose …`. @returns what it printed */
  compose(...words: string[]): Promise<string>
  containers(): Promise<Container[]>
  /** Ends the main process of a container at once, as a crash would: the engine starts it again by its own rule. */
  crash(service: string): Promise<void>
  /** Asks PostgreSQL. @returns rows of text */
  sql(query: string): Promise<string[]>
  /** Removes all of it. */
  remove(): Promise<void>
}

/** Lays out what the compose file mounts. Run as root: key and containers belong to other users. */
export function openProject(profile: 'single' | 'replicas'): Project {
  const dir = mkdtempSync(join(tmpdir(), 'jts-compose-'))
  const { apiKey, sha256 } = newApiKey('clinic-backend')
  layOut(dir, sha256)
  const env = {
    ...process.env,
    JAAS_APP_ID: 'vpaas-magic-cookie-1fc542a3e4414a44b2611668195e2bfe',
    KEYS_DIR: join(dir, 'keys'),
    CONFIG_DIR: join(dir, 'policy'),
    SECRETS_DIR: join(dir, 'secrets'),
    PORT: String(PORT),
  }
  const files = ['-f', join(ROOT, 'docker-compose.yml'), '-f', join(dir, 'unlimited.yml')]
  const docker = async (...words: string[]) => {
    const { stdout } = await run('docker', words, { env, cwd: ROOT, maxBuffer: 1 << 26 })
    return stdout.trim()
  }
  const compose = (...words: string[]) =>
    docker('compose', '-p', `jts-${profile}`, '--project-directory', ROOT, ...files, '--profile', profile, ...words)
  const containers = async () => {
    const lines = await compose('ps', '-a', '--format', 'json')
    return lines.split('\n').map((line) => JSON.parse(line) as Container)
  }
  return {
    url: `http://127.0.0.1:${PORT}`,
    apiKey,
    compose,
    containers,
    async crash(service) {
      const id = await compose('ps', '-q', service)
      process.kill(Number(await docker('inspect', '-f', '{{.State.Pid}}', id)), 'SIGKILL')
    },
    async sql(query) {
      const text = await compose('exec', '-T', 'postgres', 'psql', '-U', 'tokens', '-tAc', query)
      return text.split('\n').filter((line) => line !== '')
    },
    async remove() {
      await compose('down', '-v', '--timeout', '1')
      rmSync(dir, { recursive: true })
    },
  }
}

function layOut(dir: string, sha256: string): void {
  const write = (name: string, text: string | Buffer, mode = 0o444) => writeFileSync(join(dir, name), text, { mode })
  for (const folder of ['keys', 'policy', 'secrets']) mkdirSync(join(dir, folder))
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 4096 })
  write('keys/check.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o400)
  for (const path of ['keys', 'keys/check.pem']) chownSync(join(dir, path), SERVICE_UID, SERVICE_UID)
  const password = randomBytes(24).toString('hex')
  write('secrets/database_password', password)
  write('secrets/database_url', `postgres://tokens:${password}@postgres/tokens`)
  write(
    'policy/policy.yaml',
    `rooms: { pattern: "^bharattelemed-[a-z0-9-]+$" }
roles:
  patient: { moderator: false, lifetimeMinutes: { default: 90, max: 120 }, features: [send-groupchat] }
callers:
  - { id: clinic-backend, apiKeySha256: ["${sha256}"], roles: [patient], scopes: ["tokens:issue"] }
`,
  )
  // Limits are not what is looked at; whole addresses show whom the balancer names.
  const settings = ['PER_ADDRESS', 'PER_CALLER', 'PER_USER', 'PER_ROOM'].map((name) => `RATE_LIMIT_${name}: '1000000'`)
  const services = ['tokens', 'tokens-1', 'tokens-2'].map(
    (name) => `  ${name}: { environment: { AUDIT_ADDRESS: full, ${settings.join(', ')} } }`,
  )
  write('unlimited.yml', `services:\n${services.join('\n')}\n`)
}
