import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { openSqlite } from '../src/store/engines/sqlite.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder with one private key of 4096 bits, made for this run: `test-key.pem`. */
    keysDir: string
    /** A database with its tables, and nothing in them. */
    emptyDatabase: string
    /** Another private key of 4096 bits, in PEM. */
    secondKeyPem: string
  }
}

export default async function setup({ provide }: TestProject): Promise<() => void> {
  const keysDir = mkdtempSync(join(tmpdir(), 'jts-keys-'))
  const pem = () =>
    generateKeyPairSync('rsa', { modulusLength: 4096 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
  writeFileSync(join(keysDir, 'test-key.pem'), pem(), { mode: 0o600 })
  provide('secondKeyPem', pem())
  provide('keysDir', keysDir)
  // Tables take a tenth of a second to make, and hundreds of tests begin with new ones.
  const emptyDatabase = join(keysDir, 'empty.db')
  await (await openSqlite(emptyDatabase)).destroy()
  provide('emptyDatabase', emptyDatabase)
  return () => rmSync(keysDir, { recursive: true })
}
