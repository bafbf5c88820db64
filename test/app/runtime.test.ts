import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

it('the suite runs on the Node.js that tools/node-runtime pins', () => {
  const pinned = JSON.parse(
    readFileSync(new URL('../../tools/node-runtime/package.json', import.meta.url), 'utf8'),
  ) as {
    version: string
    optionalDependencies: Record<string, string>
  }
  expect(process.version).toBe(`v${pinned.version}`)
  expect(new Set(Object.values(pinned.optionalDependencies))).toStrictEqual(new Set([pinned.version]))
  // OpenSSL 3.5 doubles the rate of RSA-4096 signatures on processors with AVX-512 IFMA.
  expect(Number.parseFloat(process.versions.openssl)).toBeGreaterThanOrEqual(3.5)
})
