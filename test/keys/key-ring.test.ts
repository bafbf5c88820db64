import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeDevelopmentKey, placeFile, replaceFile } from '../../src/keys/generate.ts'
import { publicPem } from '../../src/keys/private-key.ts'
import { privateKeyIds, readRing, isSameRing } from '../../src/keys/key-ring.ts'
import { secondKeyPem, tempDir, tempFile, testKeyPem } from '../kit.ts'

const SECOND_PEM = secondKeyPem()
const SECOND_PUB = createPublicKey(SECOND_PEM).export({ type: 'spki', format: 'pem' })

function dirWith(files: Record<string, string>): string {
  const dir = tempDir()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text, { mode: 0o600 })
  return dir
}
const statesOf = (keysDir: string, signingKeyId?: string) =>
  readRing(signingKeyId === undefined ? { keysDir } : { keysDir, signingKeyId }).keys.map(
    ({ id, state }) => `${id} ${state}`,
  )

describe('a ring', () => {
  it('has its states by what lies there', () => {
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

  it('has its active key from the variable, then from the file, then by being alone', () => {
    const keysDir = dirWith({ 'a.pem': testKeyPem() })
    expect(statesOf(keysDir)).toStrictEqual(['a active'])
    writeFileSync(join(keysDir, 'b.pem'), SECOND_PEM, { mode: 0o600 })
    expect(() => readRing({ keysDir })).toThrow(
      /holds 2 private keys; name the one that signs in SIGNING_KEY_ID, or in the file active/,
    )
    writeFileSync(join(keysDir, 'active'), 'b\n')
    expect(statesOf(keysDir)).toStrictEqual(['b active', 'a next'])
    expect(statesOf(keysDir, 'a')).toStrictEqual(['a active', 'b next'])
  })

  it('keeps the key that signs when another one appears, and takes the other when the first is gone', () => {
    const keysDir = dirWith({ 'a.pem': testKeyPem() })
    const before = readRing({ keysDir })
    writeFileSync(join(keysDir, 'b.pem'), SECOND_PEM, { mode: 0o600 })
    const after = readRing({ keysDir }, before)
    expect(after.keys.map(({ id, state }) => `${id} ${state}`)).toStrictEqual(['a active', 'b next'])
    rmSync(join(keysDir, 'a.pem'))
    expect(readRing({ keysDir }, after).active.id).toBe('b')
    expect([isSameRing(before, before), isSameRing(before, after)]).toStrictEqual([true, false])
  })

  it('takes the key of SIGNING_KEY_FILE, and publishes what lies in the folder beside it', () => {
    const signingKeyFile = tempFile('secret', testKeyPem())
    const keysDir = dirWith({ 'old.pub.pem': SECOND_PUB })
    const { active, keys } = readRing({ keysDir, signingKeyFile, signingKeyId: 'k1' })
    expect([active.id, ...keys.map(({ id, state }) => `${id} ${state}`)]).toStrictEqual([
      'k1',
      'k1 active',
      'old retired',
    ])
    expect(readRing({ keysDir: '/nowhere', signingKeyFile, signingKeyId: 'k1' }).keys).toHaveLength(1)
    expect(() => readRing({ keysDir, signingKeyFile })).toThrow('SIGNING_KEY_FILE needs SIGNING_KEY_ID')
  })

  it('may hold the public half of a private key beside it, and counts them as one', () => {
    const keysDir = dirWith({ 'b.pem': SECOND_PEM, 'b.pub.pem': SECOND_PUB })
    expect(statesOf(keysDir)).toStrictEqual(['b active'])
  })

  it.each([
    ['an empty folder', {}, undefined, 'holds no <key id>.pem'],
    ['a name that is not there', { 'a.pem': testKeyPem }, 'b', 'b.pem: there is no such file'],
    [
      'an active file that names nothing',
      { 'a.pem': testKeyPem, active: () => '' },
      undefined,
      'must hold the id of the key that signs',
    ],
    [
      'an active file that names a path',
      { 'a.pem': testKeyPem, active: () => '../a' },
      undefined,
      'must hold the id of the key that signs',
    ],
    [
      'an active file that names nobody',
      { 'a.pem': testKeyPem, active: () => 'b' },
      undefined,
      'b.pem: there is no such file',
    ],
    [
      'a half-written key beside a good one',
      { 'a.pem': testKeyPem, 'b.pem': () => SECOND_PEM.slice(0, 700) },
      'a',
      'b.pem: is not a private key in PEM',
    ],
    [
      'a public half of another key',
      { 'a.pem': testKeyPem, 'a.pub.pem': () => SECOND_PUB },
      'a',
      'a.pub.pem: is not the public half of a.pem',
    ],
    [
      'a private key for a public one',
      { 'a.pem': testKeyPem, 'b.pub.pem': () => SECOND_PEM },
      'a',
      'b.pub.pem: holds a private key',
    ],
    [
      'a public key that is cut',
      { 'a.pem': testKeyPem, 'b.pub.pem': () => SECOND_PUB.slice(0, 300) },
      'a',
      'b.pub.pem: is not a public key in PEM',
    ],
    [
      'a small public key',
      {
        'a.pem': testKeyPem,
        'b.pub.pem': () => publicPem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
      },
      'a',
      'the key has 2048 bits',
    ],
  ] as [string, Record<string, () => string>, string | undefined, string][])(
    'with %s is refused whole',
    (_what, files, signingKeyId, fault) => {
      const keysDir = dirWith(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, text()])))
      expect(() => statesOf(keysDir, signingKeyId)).toThrow(fault)
    },
  )

  it('of a folder that is not there or is a file is refused', () => {
    expect(() => readRing({ keysDir: '/nowhere' })).toThrow('holds no <key id>.pem')
    expect(() => readRing({ keysDir: tempFile('x', '') })).toThrow('cannot be read (ENOTDIR)')
  })
})

describe('a new key', () => {
  it('for development has 4096 bits, is for its owner alone, and is made whole', async () => {
    const keysDir = join(tempDir(), 'keys')
    mkdirSync(keysDir)
    const path = await makeDevelopmentKey(keysDir)
    expect(path).toBe(join(keysDir, 'development.pem'))
    expect(readdirSync(keysDir)).toStrictEqual(['development.pem'])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(privateKeyIds(keysDir)).toStrictEqual(['development'])
    expect(readRing({ keysDir }).active.key.asymmetricKeyDetails?.modulusLength).toBe(4096)
  })

  it('never takes the place of another, and leaves nothing behind', () => {
    const path = join(tempDir(), 'a.pem')
    placeFile(path, 'one')
    expect(() => placeFile(path, 'two')).toThrow('EEXIST')
    replaceFile(path, 'three')
    expect(readdirSync(join(path, '..'))).toStrictEqual(['a.pem'])
  })
})
