import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createDevelopmentKey, createFile, replaceFile } from '../../src/keys/generate.ts'
import { toPublicPem } from '../../src/keys/private-key.ts'
import { listPrivateKeyIds } from '../../src/keys/key-file-names.ts'
import { readKeyRing, isSameRing } from '../../src/keys/key-ring.ts'
import { secondKeyPem, tempDir, tempFile, testKeyPem } from '../kit.ts'

const SECOND_PEM = secondKeyPem()
const SECOND_PUB = createPublicKey(SECOND_PEM).export({ type: 'spki', format: 'pem' })

function dirWith(files: Record<string, string>): string {
  const dir = tempDir()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text, { mode: 0o600 })
  return dir
}
const statesOf = (keysDir: string, signingKeyId?: string) =>
  readKeyRing(signingKeyId === undefined ? { keysDir } : { keysDir, signingKeyId }).keys.map(
    ({ id, state }) => `${id} ${state}`,
  )

describe('a key ring', () => {
  it('derives the state of each key from the files in the folder', () => {
    const keysDir = dirWith({
      'a.pem': testKeyPem(),
      'b.pem': SECOND_PEM,
      'c.pub.pem': SECOND_PUB,
      README: 'x',
      '.half.pem': 'x',
      'd.txt': 'x',
    })
    expect(statesOf(keysDir, 'b')).toStrictEqual(['b active', 'a next', 'c retired'])
    expect(statesOf(keysDir, 'a')).toStrictEqual(['a active', 'b next', 'c retired'])
  })

  it('selects the active key by the setting, then by the file `active`, then as the only private key', () => {
    const keysDir = dirWith({ 'a.pem': testKeyPem() })
    expect(statesOf(keysDir)).toStrictEqual(['a active'])
    writeFileSync(join(keysDir, 'b.pem'), SECOND_PEM, { mode: 0o600 })
    expect(() => readKeyRing({ keysDir })).toThrow(
      /contains 2 private keys; select the signing key with SIGNING_KEY_ID, or with the file active/,
    )
    writeFileSync(join(keysDir, 'active'), 'b\n')
    expect(statesOf(keysDir)).toStrictEqual(['b active', 'a next'])
    expect(statesOf(keysDir, 'a')).toStrictEqual(['a active', 'b next'])
  })

  it('keeps the signing key when a second one appears, and uses the second when the first is deleted', () => {
    const keysDir = dirWith({ 'a.pem': testKeyPem() })
    const before = readKeyRing({ keysDir })
    writeFileSync(join(keysDir, 'b.pem'), SECOND_PEM, { mode: 0o600 })
    const after = readKeyRing({ keysDir }, before)
    expect(after.keys.map(({ id, state }) => `${id} ${state}`)).toStrictEqual(['a active', 'b next'])
    rmSync(join(keysDir, 'a.pem'))
    expect(readKeyRing({ keysDir }, after).active.id).toBe('b')
    expect([isSameRing(before, before), isSameRing(before, after)]).toStrictEqual([true, false])
  })

  it('signs with the key of SIGNING_KEY_FILE, and also publishes the keys of the folder', () => {
    const signingKeyFile = tempFile('secret', testKeyPem())
    const keysDir = dirWith({ 'old.pub.pem': SECOND_PUB })
    const { active, keys } = readKeyRing({ keysDir, signingKeyFile, signingKeyId: 'k1' })
    expect([active.id, ...keys.map(({ id, state }) => `${id} ${state}`)]).toStrictEqual([
      'k1',
      'k1 active',
      'old retired',
    ])
    expect(readKeyRing({ keysDir: '/nowhere', signingKeyFile, signingKeyId: 'k1' }).keys).toHaveLength(1)
    expect(() => readKeyRing({ keysDir, signingKeyFile })).toThrow('SIGNING_KEY_FILE: requires SIGNING_KEY_ID')
  })

  it('counts a private key and its public half as one key', () => {
    const keysDir = dirWith({ 'b.pem': SECOND_PEM, 'b.pub.pem': SECOND_PUB })
    expect(statesOf(keysDir)).toStrictEqual(['b active'])
  })

  it.each([
    ['an empty folder', {}, undefined, 'contains no <key id>.pem'],
    ['the id of a missing key', { 'a.pem': testKeyPem }, 'b', 'b.pem: does not exist'],
    [
      'an empty active file',
      { 'a.pem': testKeyPem, active: () => '' },
      undefined,
      'must contain the id of the signing key',
    ],
    [
      'an active file that contains a path',
      { 'a.pem': testKeyPem, active: () => '../a' },
      undefined,
      'must contain the id of the signing key',
    ],
    [
      'an active file with an unknown id',
      { 'a.pem': testKeyPem, active: () => 'b' },
      undefined,
      'b.pem: does not exist',
    ],
    [
      'a half-written key in addition to a valid one',
      { 'a.pem': testKeyPem, 'b.pem': () => SECOND_PEM.slice(0, 700) },
      'a',
      'b.pem: is not a private key in PEM',
    ],
    [
      'the public half of another key',
      { 'a.pem': testKeyPem, 'a.pub.pem': () => SECOND_PUB },
      'a',
      'a.pub.pem: is not the public half of a.pem',
    ],
    [
      'a private key in place of a public half',
      { 'a.pem': testKeyPem, 'b.pub.pem': () => SECOND_PEM },
      'a',
      'b.pub.pem: contains a private key',
    ],
    [
      'a truncated public key',
      { 'a.pem': testKeyPem, 'b.pub.pem': () => SECOND_PUB.slice(0, 300) },
      'a',
      'b.pub.pem: is not a public key in PEM',
    ],
    [
      'a small public key',
      {
        'a.pem': testKeyPem,
        'b.pub.pem': () => toPublicPem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
      },
      'a',
      'the key has 2048 bits',
    ],
  ] as [string, Record<string, () => string>, string | undefined, string][])(
    'with %s is refused',
    (_what, files, signingKeyId, error) => {
      const keysDir = dirWith(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, text()])))
      expect(() => statesOf(keysDir, signingKeyId)).toThrow(error)
    },
  )

  it('of a folder that does not exist or is a file is refused', () => {
    expect(() => readKeyRing({ keysDir: '/nowhere' })).toThrow('contains no <key id>.pem')
    expect(() => readKeyRing({ keysDir: tempFile('x', '') })).toThrow('is a file, but must be a folder')
  })
})

describe('a new key', () => {
  it('for development has 4096 bits, is readable only by its owner, and is created atomically', async () => {
    const keysDir = join(tempDir(), 'keys')
    mkdirSync(keysDir)
    const path = await createDevelopmentKey(keysDir)
    expect(path).toBe(join(keysDir, 'development.pem'))
    expect(readdirSync(keysDir)).toStrictEqual(['development.pem'])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(listPrivateKeyIds(keysDir)).toStrictEqual(['development'])
    expect(readKeyRing({ keysDir }).active.key.asymmetricKeyDetails?.modulusLength).toBe(4096)
  })

  it('never replaces another key, and leaves no temporary file', () => {
    const path = join(tempDir(), 'a.pem')
    createFile(path, 'one')
    expect(() => createFile(path, 'two')).toThrow('EEXIST')
    replaceFile(path, 'three')
    expect(readdirSync(join(path, '..'))).toStrictEqual(['a.pem'])
  })
})
