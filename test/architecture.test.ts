import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const SRC = fileURLToPath(new URL('../src/', import.meta.url))

type Law = {
  /** Other kinds that may be imported; a kind may always import itself. */
  from: readonly string[]
  packages: readonly string[]
}

/** Kinds that implement the ports of `service` and never import each other. */
const ADAPTERS = ['auth', 'keys', 'limits', 'store', 'http', 'telemetry', 'jaas']
const CORE = ['contract', 'rules', 'service']

/** Per kind (top-level folder): which other kinds and which packages it may import. */
const LAWS: Record<string, Law> = {
  contract: { from: [], packages: ['@sinclair/typebox'] },
  rules: { from: ['contract'], packages: ['ip-address', 'node:crypto', 'node:net'] },
  service: { from: ['contract', 'rules'], packages: [] },
  config: {
    from: CORE,
    packages: ['@sinclair/typebox', 'fastest-levenshtein', 'node:fs', 'node:net', 'node:os'],
  },
  auth: { from: CORE, packages: ['jose', 'node:crypto'] },
  keys: {
    from: CORE,
    packages: ['jose', 'node:fs', 'node:path', 'node:util', 'node:crypto', 'node:child_process'],
  },
  limits: { from: CORE, packages: ['ioredis'] },
  store: {
    from: CORE,
    packages: ['kysely', 'node:sqlite', 'node:fs', 'node:net', 'node:path', 'node:timers', 'node:worker_threads', 'pg'],
  },
  http: {
    from: CORE,
    packages: [
      'fastify',
      '@fastify/*',
      '@sinclair/typebox',
      'ical-generator',
      'node:http',
      'node:net',
      'node:perf_hooks',
      'node:stream',
      'yaml',
    ],
  },
  telemetry: { from: CORE, packages: ['prom-client', '@fastify/otel', '@opentelemetry/*', 'fastify'] },
  jaas: { from: CORE, packages: [] },
  reload: {
    from: [...CORE, 'config', 'auth', 'keys'],
    packages: ['@sinclair/typebox', 'yaml', 'recheck', 'node:crypto', 'node:fs', 'node:path'],
  },
  app: {
    from: [...CORE, ...ADAPTERS, 'config', 'reload'],
    packages: ['fastify', 'node:crypto', 'node:fs', 'node:os', 'node:timers'],
  },
  cli: {
    from: [...CORE, 'auth', 'keys', 'config', 'reload', 'app'],
    packages: [
      '@sinclair/typebox',
      'pino',
      'node:crypto',
      'node:events',
      'node:fs',
      'node:path',
      'node:timers',
      'node:util',
    ],
  },
  client: { from: ['contract'], packages: ['eventsource-parser'] },
  types: { from: [], packages: [] },
  'main.ts': { from: ['app', 'config', 'telemetry'], packages: ['close-with-grace', 'pino'] },
}

/**
 * The nouns of `rules/` and `service/`, each of which may import those before it. A file outside every noun's folder is
 * `core` unless its name says otherwise, and imports only files of `core`.
 */
const NOUNS = [
  'core',
  'keys',
  'audit',
  'meetings',
  'policy',
  'consultations',
  'tokens',
  'invitations',
  'visits',
  'revocations',
  'webhooks',
  'attendance',
  'statistics',
]

/** Words that belong to certain folders, and the only files that may contain them. */
const WORDS: [word: RegExp, allowed: RegExp][] = [
  [/\bDate\.now\b/, /^(app\/compose\.ts|cli\/main\.ts)$/],
  [/\bnew Date\(\)/, /^$/],
  [/\bMath\.random\b/, /^$/],
  [/\brandom(UUID(v7)?|Bytes)\b/, /^(app\/|auth\/|cli\/)/],
  // The platform and versions are facts of the machine, not of the environment.
  [/\bprocess\.(?!versions?\b|platform\b|pid\b)/, /^(main\.ts|app\/thread-pool\.ts|cli\/)/],
  [/\bconsole\.(?=[a-z])/, /^$/],
  [/\bcreatePrivateKey\b/, /^keys\//],
  // The claim for the JaaS management endpoints is created in one place and used in one place.
  [/\badmin\b(?!-claims)/, /^(keys\/admin-claims\.ts|rules\/tokens\/inspect\.ts)/],
  [/\bcreateAdminToken\b/, /^(keys\/signer\.ts|reload\/key-reload\.ts|app\/compose-consultations\.ts|jaas\/)/],
  [/authorization/i, /^(http\/|client\/|jaas\/|contract\/problem-codes\.ts|app\/development\.ts)/],
]

/** The most files that a folder may hold. */
const MAX_FILES = 25
/** The most lines that a file may have. */
const MAX_LINES = 200

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const modules = files.filter((file) => !file.endsWith('.d.ts'))
const read = (file: string) => readFileSync(join(SRC, file), 'utf8')
const withoutComments = (text: string) => text.replaceAll(/\/\*[^]*?\*\//g, '').replaceAll(/(?<=^|\s)\/\/.*$/gm, '')
const kindOf = (file: string) => file.split('/')[0] ?? ''
const nounOf = (file: string) => {
  const [, folder = '', name] = file.split('/')
  return name === undefined ? (NOUNS.find((noun) => `${noun.replace(/s$/, '')}.ts` === folder) ?? 'core') : folder
}
const packageOf = (name: string) => name.split('/', name.startsWith('@') ? 2 : 1).join('/')
const mayUse = ({ packages }: Law, name: string) =>
  packages.some((allowed) => (allowed.endsWith('/*') ? name.startsWith(allowed.slice(0, -1)) : name === allowed))

/** What a module's text imports or exports from, types included. */
function importsOf(text: string): string[] {
  const forms = [/\bfrom '([^']+)'/g, /^import '([^']+)'/gm, /\bimport\('([^']+)'\)/g]
  return forms.flatMap((form) => [...text.matchAll(form)].map(([, name]) => name ?? ''))
}

/** The files of `src` that a file imports. */
const localImports = (file: string) =>
  importsOf(read(file))
    .filter((name) => name.startsWith('.'))
    .map((name) => relative(SRC, normalize(join(SRC, dirname(file), name))))

it('finds the modules, and imports of every form', () => {
  expect(modules.length).toBeGreaterThan(40)
  expect(importsOf("import a from 'a'\nimport 'b'\nawait import('c')\nexport * from './d.ts'")).toStrictEqual([
    'a',
    './d.ts',
    'b',
    'c',
  ])
})

it('main.ts is the only file outside a folder, and no folder lies deeper than two levels', () => {
  expect(files.filter((file) => !file.includes('/'))).toStrictEqual(['main.ts'])
  expect(files.filter((file) => file.split('/').length > 3)).toStrictEqual([])
})

it(`no folder holds more than ${MAX_FILES} files`, () => {
  const folders = Object.entries(Object.groupBy(files, (file) => dirname(file)))
  expect(folders.filter(([, inside = []]) => inside.length > MAX_FILES).map(([folder]) => folder)).toStrictEqual([])
})

it.each(modules)('%s imports only what its kind may', (file) => {
  const law = LAWS[kindOf(file)]
  expect(law, 'a folder without an import law').toBeDefined()
  const packages = importsOf(read(file)).filter((name) => !name.startsWith('.'))
  const kinds = localImports(file).map(kindOf)
  expect(packages.filter((name) => law === undefined || !mayUse(law, packageOf(name)))).toStrictEqual([])
  expect(kinds.filter((kind) => kind !== kindOf(file) && law?.from.includes(kind) !== true)).toStrictEqual([])
})

it.each(modules.filter((file) => ['rules', 'service'].includes(kindOf(file))))(
  '%s imports only nouns that come before its own',
  (file) => {
    const rank = NOUNS.indexOf(nounOf(file))
    expect(rank, 'a noun without a place in the order').toBeGreaterThanOrEqual(0)
    const wrong = localImports(file).filter(
      (target) => kindOf(target) === kindOf(file) && NOUNS.indexOf(nounOf(target)) > rank,
    )
    expect(wrong).toStrictEqual([])
  },
)

it('the client imports nothing but types from outside its folder', () => {
  for (const file of modules.filter((each) => each.startsWith('client/'))) {
    const values = [...read(file).matchAll(/^(?:import|export) (?!type\b).*from '(?!\.\/|eventsource-parser)/gm)]
    expect(values).toStrictEqual([])
  }
})

it.each(modules)('%s contains no word that belongs to another folder', (file) => {
  const text = withoutComments(read(file))
  const wrong = WORDS.filter(([word, allowed]) => word.test(text) && !allowed.test(file)).map(([word]) => word.source)
  expect(wrong).toStrictEqual([])
})

it.each(files)(`%s has at most ${MAX_LINES} lines`, (file) => {
  expect(read(file).split('\n').length).toBeLessThanOrEqual(MAX_LINES + 1)
})

it('has no default exports and no barrels', () => {
  for (const file of modules) {
    expect(read(file)).not.toMatch(/^export default\b/m)
    expect(read(file)).not.toMatch(/^export \* from/m)
  }
})
