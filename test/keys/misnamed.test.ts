import { createPrivateKey } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readKeyRing } from '../../src/keys/key-ring.ts'
import { findMisnamedKeys } from '../../src/keys/misnamed.ts'
import { toPublicPem } from '../../src/keys/private-key.ts'
import { startServiceProcess, tempDir, testKeyPem } from '../kit.ts'

const PEM = testKeyPem()

function folderOf(files: Record<string, string | Buffer>): string {
  const dir = join(tempDir(), 'keys')
  mkdirSync(dir)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content, { mode: 0o600 })
  return dir
}

const NAMES = [
  ['abc123 (1).pem', 'abc123.pem'],
  ['abc123.PEM', 'abc123.pem'],
  ['my key.pem', 'my-key.pem'],
  ['abc123.key', 'abc123.pem'],
  ['jaasauth.pk', 'jaasauth.pem'],
  ['abc123.pem.txt', 'abc123.pem'],
  ['abc123', 'abc123.pem'],
  ['-abc.pem', 'abc.pem'],
  [`${'x'.repeat(70)}.pem`, `${'x'.repeat(64)}.pem`],
  ['पत्र.pem', 'key.pem'],
] as const

describe('a key with a wrong name', () => {
  it.each(NAMES)('%j is found, with the name %j that it could have', (name, suggestion) => {
    const keysDir = folderOf({ [name]: PEM })
    const sentence = `the key ${JSON.stringify(name)} is not used, because its name is not <key id>.pem; rename it, for example to ${suggestion}.`
    expect(findMisnamedKeys(keysDir)).toStrictEqual([expect.stringContaining(sentence)])
    expect(() => readKeyRing({ keysDir })).toThrow(sentence)
    expect(() => readKeyRing({ keysDir, signingKeyId: 'abc123' })).toThrow(/abc123\.pem: does not exist[^]*is not used/)
  })

  it('in another format or as a public half is found too', () => {
    const key = createPrivateKey(PEM)
    const keysDir = folderOf({
      'der.key': key.export({ type: 'pkcs8', format: 'der' }),
      'utf16.txt': Buffer.from(PEM, 'utf16le'),
      'b64.b64': Buffer.from(PEM).toString('base64'),
      'k.jwk': JSON.stringify(key.export({ format: 'jwk' })),
      'old.pub': toPublicPem(key),
    })
    const suggested = findMisnamedKeys(keysDir).map((text) => /for example to (\S+)\. /.exec(text)?.[1])
    expect(new Set(suggested)).toStrictEqual(new Set(['b64.pem', 'der.pem', 'k.pem', 'old.pub.pem', 'utf16.pem']))
  })

  it('is not what other files are', () => {
    const keysDir = folderOf({
      'good.pem': PEM,
      'old.pub.pem': toPublicPem(createPrivateKey(PEM)),
      active: 'good\n',
      'README.md': 'Keys',
      '.hidden.pem~': PEM,
      empty: '',
      'policy.yaml': 'rooms: { pattern: "^[a-z]+$" }',
    })
    mkdirSync(join(keysDir, 'folder'))
    expect(findMisnamedKeys(keysDir)).toStrictEqual([])
    expect(readKeyRing({ keysDir, signingKeyId: 'good' }).active.id).toBe('good')
  })
})

it('in development, no key is generated beside a key with a wrong name', async () => {
  const keysDir = folderOf({ 'my key.pem': PEM })
  const dir = join(keysDir, '..')
  const running = startServiceProcess(dir, { PORT: '0' })
  expect(await running.ended).toBe(1)
  expect(running.output()).toContain('rename it, for example to my-key.pem')
  expect(existsSync(join(keysDir, 'development.pem'))).toBe(false)
})
