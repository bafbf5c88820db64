import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { publicPem } from '../../src/keys/private-key.ts'
import { keyIds, makeDevelopmentKey, readSigningKey } from '../../src/keys/signing-key.ts'
import { tempDir, tempFile, testKeyPem } from '../kit.ts'

function dirWith(...names: string[]): string {
  const dir = tempDir()
  for (const name of names) writeFileSync(join(dir, name), testKeyPem(), { mode: 0o600 })
  return dir
}

describe('the signing key', () => {
  it('is the only one there, by the name of its file', () => {
    const keysDir = dirWith('4f4910.pem')
    writeFileSync(join(keysDir, '4f4910.pub.pem'), 'public')
    writeFileSync(join(keysDir, 'README'), 'text')
    writeFileSync(join(keysDir, '.hidden.pem'), 'half')
    expect(readSigningKey({ keysDir }).keyId).toBe('4f4910')
  })

  it('is the one that SIGNING_KEY_ID names', () => {
    const keysDir = dirWith('a.pem', '0d885c-SAMPLE_APP.pem')
    expect(readSigningKey({ keysDir, signingKeyId: '0d885c-SAMPLE_APP' }).keyId).toBe('0d885c-SAMPLE_APP')
    expect(() => readSigningKey({ keysDir })).toThrow('holds 2 keys; name the one that signs in SIGNING_KEY_ID')
    expect(() => readSigningKey({ keysDir, signingKeyId: 'b' })).toThrow('b.pem: there is no such file')
  })

  it('is the one of SIGNING_KEY_FILE, with its id beside it', () => {
    const signingKeyFile = tempFile('secret', testKeyPem())
    const found = readSigningKey({ keysDir: '/nowhere', signingKeyFile, signingKeyId: 'k1' })
    expect(found.keyId).toBe('k1')
    expect(() => readSigningKey({ keysDir: '/nowhere', signingKeyFile })).toThrow(
      'SIGNING_KEY_FILE needs SIGNING_KEY_ID',
    )
  })

  it('is missing where the folder is empty, is not there, or is a file', () => {
    expect(() => readSigningKey({ keysDir: dirWith() })).toThrow('holds no <key id>.pem')
    expect(() => readSigningKey({ keysDir: '/nowhere' })).toThrow('holds no <key id>.pem')
    expect(() => readSigningKey({ keysDir: tempFile('x', '') })).toThrow('cannot be read (ENOTDIR)')
  })
})

describe('a development key', () => {
  it('is a key of 4096 bits that its owner alone may read, made whole', async () => {
    const keysDir = join(tempDir(), 'keys')
    mkdirSync(keysDir)
    const path = await makeDevelopmentKey(keysDir)
    expect(path).toBe(join(keysDir, 'development.pem'))
    expect(readdirSync(keysDir)).toStrictEqual(['development.pem'])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(keyIds(keysDir)).toStrictEqual(['development'])
    const { key } = readSigningKey({ keysDir })
    expect(key.asymmetricKeyDetails?.modulusLength).toBe(4096)
    expect(publicPem(key)).toContain('BEGIN PUBLIC KEY')
  })
})
