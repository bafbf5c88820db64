import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { generatePrivatePem } from '../src/keys/generate.ts'
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
  // A key of four primes takes a tenth of the time to generate and a third to sign with. It needs openssl.
  const createPem = () => generatePrivatePem(4).catch(() => generatePrivatePem())
  const [first, second] = await Promise.all([createPem(), createPem()])
  writeFileSync(join(keysDir, 'test-key.pem'), first, { mode: 0o600 })
  provide('secondKeyPem', second)
  provide('keysDir', keysDir)
  // Tables take a tenth of a second to make, and hundreds of tests begin with new ones.
  const emptyDatabase = join(keysDir, 'empty.db')
  await (await openSqlite(emptyDatabase)).destroy()
  provide('emptyDatabase', emptyDatabase)
  return () => rmSync(keysDir, { recursive: true })
}
