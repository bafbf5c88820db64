import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from '../../src/cli/run.ts'
import { tempDir, testEnv, testKeyPem } from '../kit.ts'
import { COMPILE_CACHE } from '../support/process.ts'

export const CLI_MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** What a command printed, and its exit code. */
type Ended = { status: number | null; stdout: string; stderr: string; json(): unknown }

/** The command line in a folder, with settings and what stands on standard input; in this process, which starts faster. */
export function cliIn(dir: string, env: Record<string, string> = {}, input = '', clock: () => number = Date.now) {
  const inDir = {
    PATH: process.env['PATH'],
    KEYS_DIR: join(dir, 'keys'),
    DATABASE_URL: `sqlite:${join(dir, 'data/service.db')}`,
    ...env,
  }
  return async (...words: string[]): Promise<Ended> => {
    let streamed = ''
    const out = async (piece: string) => void (streamed += piece)
    const { code, data, text } = await runCommand(words, { env: inDir, stdin: () => input, out, clock })
    const asJson = words.includes('--json')
    const printed = text === '' ? streamed : `${asJson ? JSON.stringify(data) : text}\n`
    const onError = !asJson && code === 2
    return {
      status: code,
      stdout: onError ? '' : printed,
      stderr: onError ? printed : '',
      json: (): unknown => JSON.parse(printed),
    }
  }
}

/** The same in a process of its own. */
export function spawnCli(cwd: string, env: Record<string, string>, input: string, ...words: string[]) {
  return spawnSync(process.execPath, [CLI_MAIN, ...words], {
    cwd,
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
    input,
    encoding: 'utf8',
  })
}

/** A folder as production has it, with one key. */
export function production() {
  const dir = tempDir()
  const keysDir = tempDir()
  writeFileSync(join(keysDir, 'one.pem'), testKeyPem(), { mode: 0o600 })
  const env: Record<string, string> = { ...testEnv(dir), KEYS_DIR: keysDir }
  return { dir, keysDir, env, cli: cliIn(dir, env) }
}

/** The words of a token by the command line. */
export const MINT = [
  'mint',
  '--room',
  'bharattelemed-p1-d2-3',
  '--user',
  'doctor-77',
  '--name',
  'Dr. Meera Iyer',
  '--role',
  'doctor',
]
