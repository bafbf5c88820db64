import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder with one private key of 4096 bits, made for this run: `test-key.pem`. */
    keysDir: string
  }
}

export default function setup({ provide }: TestProject): () => void {
  const keysDir = mkdtempSync(join(tmpdir(), 'jts-keys-'))
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 4096 })
  writeFileSync(join(keysDir, 'test-key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  provide('keysDir', keysDir)
  return () => rmSync(keysDir, { recursive: true })
}
