import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Generator } from './generators.ts'

const OPENAPI = fileURLToPath(new URL('../../openapi.yaml', import.meta.url))
const REQUESTS = fileURLToPath(new URL('requests.ts', import.meta.url))

/** The newest release that every generator supports. */
const TYPESCRIPT = '5.9.3'
const NODE_TYPES = '24.10.1'

const TIMEOUT_MS = 300_000

const TSCONFIG = {
  compilerOptions: {
    strict: true,
    target: 'es2022',
    lib: ['es2022', 'dom', 'dom.iterable'],
    module: 'nodenext',
    types: ['node'],
    outDir: 'compiled',
    rootDir: '.',
  },
  include: ['program.ts', 'requests.ts', 'generated'],
}

const run = promisify(execFile)

/** What a step of a project needs to know of the running service. */
export type ServiceAccess = { url: string; apiKey: string }

/**
 * Installs a generator in a folder, generates a client, compiles it under `strict` and calls the service with it.
 * @param dir an empty folder outside the project, so that nothing resolves to the packages of the service
 * @throws Error with the output of the step that failed
 */
export async function callWithGeneratedClient(
  dir: string,
  generator: Generator,
  service: ServiceAccess,
): Promise<void> {
  writeProject(dir, generator)
  const [command, ...args] = generator.command
  await runStep(dir, 'install', 'npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'])
  await runStep(dir, 'generate', process.execPath, [join('node_modules/.bin', command), ...args])
  await runStep(dir, 'compile', process.execPath, ['node_modules/.bin/tsc', '-p', '.'])
  await runStep(dir, 'call', process.execPath, ['compiled/program.js'], {
    BASE_URL: service.url,
    API_KEY: service.apiKey,
  })
}

function writeProject(dir: string, { packages, files = {}, program }: Generator): void {
  mkdirSync(dir)
  const devDependencies = { ...packages, typescript: TYPESCRIPT, '@types/node': NODE_TYPES }
  const texts = {
    'package.json': JSON.stringify({ private: true, type: 'module', devDependencies }),
    'tsconfig.json': JSON.stringify(TSCONFIG),
    'program.ts': program,
    ...files,
  }
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(dir, name), text)
  copyFileSync(OPENAPI, join(dir, 'openapi.yaml'))
  copyFileSync(REQUESTS, join(dir, 'requests.ts'))
}

async function runStep(cwd: string, step: string, file: string, args: string[], env: Record<string, string> = {}) {
  // Shebangs and npm find the Node.js that runs this script, which may not be the one of the PATH.
  const path = [dirname(process.execPath), process.env['PATH']].join(delimiter)
  try {
    await run(file, args, { cwd, timeout: TIMEOUT_MS, env: { ...process.env, PATH: path, ...env } })
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string }
    throw new Error(`${step} failed: ${[stdout, stderr].join('').trim() || message}`, { cause: error })
  }
}
