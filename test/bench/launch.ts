import { execFile, spawn } from 'node:child_process'
import { chmodSync, closeSync, copyFileSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { stop } from './child.ts'
import { own } from './own.ts'
import { START_ARGUMENTS } from './service.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const IMAGE = 'jitsi-token-service-bench'

const run = promisify(execFile)

/** What was started: its process, and how to end it. */
type Launched = { pid(): Promise<number>; stop(): Promise<void> }

/**
 * A form of the service that can be started.
 * @param dir a folder that is its own, with what `env` names
 */
export type Form = (dir: string, env: Readonly<Record<string, string>>) => Promise<Launched>

const processOf =
  (entry: string): Form =>
  (dir, env) => {
    const log = openSync(join(dir, 'service.log'), 'a')
    const child = spawn(process.execPath, [...START_ARGUMENTS, join(ROOT, entry)], {
      cwd: dir,
      stdio: ['ignore', log, log],
      env: { PATH: process.env['PATH'], ...env },
    })
    own(child)
    closeSync(log)
    return Promise.resolve({ pid: () => Promise.resolve(child.pid ?? 0), stop: () => stop(child) })
  }

/** What the image has settled already. */
const OF_THE_IMAGE = new Set(['PORT', 'KEYS_DIR', 'DATABASE_URL'])

/** The container reads its files as another user, and listens inside on the port of the image. */
const container: Form = async (dir, env) => {
  const keys = join(dir, 'keys')
  mkdirSync(keys)
  copyFileSync(join(env['KEYS_DIR'] ?? '', 'bench.pem'), join(keys, 'bench.pem'))
  for (const [path, mode] of [
    [dir, 0o755],
    [keys, 0o755],
    [join(keys, 'bench.pem'), 0o444],
  ] as const)
    chmodSync(path, mode)
  const settings = Object.entries({ ...env, POLICY_FILE: '/policy.yaml' })
    .filter(([name]) => !OF_THE_IMAGE.has(name))
    .flatMap(([name, value]) => ['--env', `${name}=${value}`])
  const mounts = ['--volume', `${keys}:/keys:ro`, '--volume', `${env['POLICY_FILE']}:/policy.yaml:ro`]
  const { stdout } = await run('docker', [
    ...['run', '--detach', '--rm', '--publish', `127.0.0.1:${env['PORT']}:3005`],
    ...settings,
    ...mounts,
    IMAGE,
  ])
  const id = stdout.trim()
  return {
    pid: async () => Number((await run('docker', ['inspect', '--format', '{{.State.Pid}}', id])).stdout),
    stop: async () => void (await run('docker', ['rm', '--force', '--volumes', id])),
  }
}

/** The forms that this machine can start, and what is to be said of the others. */
export async function forms(): Promise<{ forms: Record<string, Form>; note: string }> {
  await run('npm', ['run', 'build'], { cwd: ROOT })
  const plain = { source: processOf('src/main.ts'), 'npm run build': processOf('dist/main.js') }
  try {
    await run('docker', ['info'])
  } catch {
    return { forms: plain, note: 'The image was not measured: there is no Docker engine here.' }
  }
  try {
    await run('docker', ['build', '--tag', IMAGE, ROOT])
  } catch {
    return { forms: plain, note: 'The image was not measured: it could not be built here.' }
  }
  return {
    forms: { ...plain, 'docker run': container },
    note: 'Of the image, the time that Docker takes to make a container is in it.',
  }
}
