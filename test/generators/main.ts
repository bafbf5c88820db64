// Generates a client from openapi.yaml with each generator, compiles it, and calls a running service with it. It needs the
// npm registry: `npm run test:generators`, or with the names of generators after `--`.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newApiKey } from '../../src/auth/api-keys.ts'
import { addressOf, startProcess } from '../support/process.ts'
import { GENERATORS } from './generators.ts'
import { callWithGeneratedClient } from './project.ts'

const print = (line: string) => void process.stdout.write(`${line}\n`)

const { apiKey, sha256 } = newApiKey('generated-client')
const POLICY = `
rooms: { pattern: "^bharattelemed-[a-z0-9-]+$" }
roles:
  doctor: { moderator: true, lifetimeMinutes: { default: 90, max: 240 }, features: [recording] }
  patient: { moderator: false, lifetimeMinutes: { default: 90, max: 120 }, features: [] }
callers:
  - id: generated-client
    apiKeySha256: ["${sha256}"]
    roles: [doctor, patient]
    scopes: ["tokens:issue", "consultations:read", "consultations:write"]
`

/** Runs one generator. @returns whether all of it passed */
async function passes(generator: (typeof GENERATORS)[number], dir: string, url: string): Promise<boolean> {
  const start = performance.now()
  const label = Object.entries(generator.packages)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')
  try {
    await callWithGeneratedClient(dir, generator, { url, apiKey })
    print(
      `ok: ${label}: the client compiles and calls the service (${((performance.now() - start) / 1000).toFixed(1)} s)`,
    )
    return true
  } catch (error) {
    print(`FAILED: ${label}: ${(error as Error).message}`)
    return false
  }
}

const names = process.argv.slice(2)
const selected = GENERATORS.filter(({ name }) => names.length === 0 || names.includes(name))
const dir = mkdtempSync(join(tmpdir(), 'jts-generators-'))
const serviceDir = join(dir, 'service')
mkdirSync(serviceDir)
writeFileSync(join(serviceDir, 'policy.yaml'), POLICY)
const service = startProcess(serviceDir, { PORT: '0', POLICY_FILE: 'policy.yaml' })
let failures = 0
try {
  const url = await addressOf(service)
  for (const [index, generator] of selected.entries())
    if (!(await passes(generator, join(dir, `client-${index}`), url))) failures += 1
} finally {
  service.child.kill('SIGTERM')
  await service.ended
  rmSync(dir, { recursive: true, force: true })
}
if (selected.length === 0) print(`no such generator; the names are ${GENERATORS.map(({ name }) => name).join(', ')}`)
process.exitCode = failures === 0 && selected.length > 0 ? 0 : 1
