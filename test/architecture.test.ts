import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const SRC = fileURLToPath(new URL('../src/', import.meta.url))

type Law = {
  /** Folders and files of the top that may be imported; the folder itself always may. */
  from: string[]
  packages: string[]
}

const ASSEMBLY = [
  'contract',
  'rules',
  'service',
  'keys',
  'callers',
  'store',
  'limits',
  'jaas',
  'http',
  'config',
  'parts',
  'app',
]
const TOP_FILES = [
  'settings',
  'settings-jitsi',
  'settings-consultations',
  'key-place',
  'visit-routes',
  'settings-limits',
  'setting-values',
  'policy-file',
  'policy-source',
  'key-source',
  'follow',
  'development',
  'events',
  'record',
  'settings-audit',
  'upkeep',
  'pool',
  'otel',
  'tracing',
  'server-options',
  'visit-parts',
  'settings-metrics',
]

/** The table of the house: who may look where, and use what. */
const LAWS: Record<string, Law> = {
  contract: { from: [], packages: ['@sinclair/typebox'] },
  rules: { from: ['contract'], packages: ['node:crypto'] },
  service: { from: ['contract', 'rules'], packages: [] },
  keys: {
    from: ['contract', 'service'],
    packages: ['jose', 'node:fs', 'node:path', 'node:util', 'node:crypto', 'node:child_process'],
  },
  callers: { from: ['contract', 'rules', 'service'], packages: ['jose', 'node:crypto'] },
  store: {
    from: ['contract', 'service'],
    packages: ['kysely', 'node:sqlite', 'node:fs', 'node:net', 'node:path', 'node:timers', 'node:worker_threads', 'pg'],
  },
  http: {
    from: ['contract', 'rules', 'service'],
    packages: [
      'fastify',
      '@fastify/*',
      '@sinclair/typebox',
      'prom-client',
      'ical-generator',
      'ip-address',
      'node:http',
      'node:net',
      'node:perf_hooks',
      'node:stream',
    ],
  },
  jaas: { from: ['contract', 'service'], packages: [] },
  limits: { from: ['rules', 'service'], packages: ['ioredis'] },
  client: { from: ['contract'], packages: [] },
  cli: {
    from: [
      ...[ASSEMBLY, TOP_FILES].flat().filter((name) => !['http', 'store', 'limits', 'jaas', 'app'].includes(name)),
    ],
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
  top: {
    from: [...ASSEMBLY, ...TOP_FILES],
    packages: [
      'fastify',
      '@fastify/*',
      '@sinclair/typebox',
      'pino',
      'yaml',
      'close-with-grace',
      'fastest-levenshtein',
      'recheck',
      '@opentelemetry/*',
      'node:crypto',
      'node:fs',
      'node:net',
      'node:os',
      'node:path',
      'node:timers',
    ],
  },
}

/** Words that betray a wrong folder, and the only places where they may stand. */
const WORDS: [word: RegExp, allowed: RegExp][] = [
  [/\bDate\.now\b/, /^(parts\.ts|cli\/main\.ts)$/],
  [/\bnew Date\(\)/, /^$/],
  [/\bMath\.random\b/, /^$/],
  [/\brandom(UUID(v7)?|Bytes)\b/, /^(parts\.ts|record\.ts|callers\/|cli\/)/],
  // node:process' platform is a fact of the machine, not of the environment.
  [/\bprocess\.(?!versions?\b|platform\b|pid\b)/, /^(main\.ts|pool\.ts|cli\/)/],
  [/\bconsole\.(?=[a-z])/, /^$/],
  [/\bcreatePrivateKey\b/, /^keys\//],
  // What opens the account is made in one place, and handed to one.
  [/\badmin\b(?!-claims)/, /^(keys\/admin-claims\.ts|rules\/inspect\.ts)/],
  [/\badminister\b/, /^(keys\/signer\.ts|key-source\.ts|visit-parts\.ts|jaas\/)/],
  [/authorization/i, /^(http\/|client\/|jaas\/|contract\/problem-codes\.ts|development\.ts)/],
]

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const modules = files.filter((file) => !file.endsWith('.d.ts'))
const read = (file: string) => readFileSync(join(SRC, file), 'utf8')
const withoutComments = (text: string) => text.replaceAll(/\/\*[^]*?\*\//g, '').replaceAll(/(?<=^|\s)\/\/.*$/gm, '')
const lawOf = (file: string) => (file.includes('/') ? (file.split('/')[0] ?? '') : 'top')
const packageOf = (name: string) => name.split('/', name.startsWith('@') ? 2 : 1).join('/')
const mayUse = ({ packages }: Law, name: string) =>
  packages.some((allowed) => (allowed.endsWith('/*') ? name.startsWith(allowed.slice(0, -1)) : name === allowed))

function importsOf(text: string): string[] {
  const forms = [/\bfrom '([^']+)'/g, /^import '([^']+)'/gm, /\bimport\('([^']+)'\)/g]
  return forms.flatMap((form) => [...text.matchAll(form)].map(([, name]) => name ?? ''))
}

it('finds the modules, and imports of every form', () => {
  expect(modules.length).toBeGreaterThan(40)
  expect(importsOf("import a from 'a'\nimport 'b'\nawait import('c')\nexport * from './d.ts'")).toStrictEqual([
    'a',
    './d.ts',
    'b',
    'c',
  ])
})

it.each(modules)('%s looks only where it may', (file) => {
  const law = LAWS[lawOf(file)]
  expect(law, 'a folder that the house does not know').toBeDefined()
  const wrong = importsOf(read(file)).filter((name) => {
    if (law === undefined) return true
    if (!name.startsWith('.')) return !mayUse(law, packageOf(name))
    const target = relative(SRC, normalize(join(SRC, dirname(file), name)))
    const place = target.includes('/') ? (target.split('/')[0] ?? '') : target.replace(/\.ts$/, '')
    return place !== lawOf(file) && !law.from.includes(place)
  })
  expect(wrong).toStrictEqual([])
})

it('a client takes nothing but types from outside its folder', () => {
  for (const file of modules.filter((each) => each.startsWith('client/'))) {
    const values = [...read(file).matchAll(/^(?:import|export) (?!type\b).*from '(?!\.\/)/gm)]
    expect(values).toStrictEqual([])
  }
})

it.each(modules)('%s holds no word that belongs elsewhere', (file) => {
  const text = withoutComments(read(file))
  const wrong = WORDS.filter(([word, allowed]) => word.test(text) && !allowed.test(file)).map(([word]) => word.source)
  expect(wrong).toStrictEqual([])
})

it.each(files)('%s stays short enough to be read at once', (file) => {
  expect(read(file).split('\n').length).toBeLessThanOrEqual(201)
})

it('has no default exports and no barrels', () => {
  for (const file of modules) {
    expect(read(file)).not.toMatch(/^export default\b/m)
    expect(read(file)).not.toMatch(/^export \* from/m)
  }
})
