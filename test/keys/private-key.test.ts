import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { toPublicPem, readPrivateKey } from '../../src/keys/private-key.ts'
import { tempDir, tempFile, testKeyPem } from '../kit.ts'

const pemOf = (key: { export(options: object): string | Buffer }, options: object = { type: 'pkcs8', format: 'pem' }) =>
  String(key.export(options))

describe('a private key', () => {
  it('is read as PKCS#8 and as PKCS#1, with the same public half', () => {
    const pkcs8 = readPrivateKey(tempFile('k.pem', testKeyPem()))
    const pkcs1 = readPrivateKey(tempFile('k.pem', pemOf(pkcs8, { type: 'pkcs1', format: 'pem' })))
    expect(pemOf(pkcs1, { type: 'pkcs1', format: 'pem' })).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/)
    expect(toPublicPem(pkcs1)).toBe(toPublicPem(pkcs8))
    expect(toPublicPem(pkcs8)).toMatch(/^-----BEGIN PUBLIC KEY-----\n/)
  })

  it('is read with a byte order mark, Windows line ends, blank lines around it and text before it', () => {
    const pem = testKeyPem()
    for (const text of [`\ufeff${pem}`, pem.replaceAll('\n', '\r\n'), `\n\n${pem}\n`, `subject=CN = x\n${pem}`]) {
      expect(readPrivateKey(tempFile('k.pem', text)).asymmetricKeyType).toBe('rsa')
    }
  })

  it('is read through a symbolic link, as Kubernetes mounts secrets', () => {
    const link = join(tempDir(), 'k.pem')
    symlinkSync(tempFile('real.pem', testKeyPem(), 0o444), link)
    expect(readPrivateKey(link).asymmetricKeyType).toBe('rsa')
  })
})

describe('a file that is not a valid key', () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey
  const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const rows: [string, () => string, RegExp][] = [
    ['3072 bits', () => pemOf(small), /the key has 3072 bits; at least 4096 are required.*keys generate/],
    ['an elliptic curve', () => pemOf(elliptic), /the key is not an RSA key/],
    [
      'RSA-PSS',
      () => pemOf(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey),
      /the key is not an RSA key/,
    ],
    [
      'encrypted PKCS#8',
      () => pemOf(small, { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }),
      /is encrypted/,
    ],
    [
      'encrypted PKCS#1',
      () => pemOf(small, { type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }),
      /is encrypted/,
    ],
    ['a public key', () => toPublicPem(small), /contains a public key or a certificate/],
    [
      'a certificate',
      () => '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
      /contains a public key or a certificate/,
    ],
    [
      'the OpenSSH format',
      () => '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n',
      /ssh-keygen -p -m PEM/,
    ],
    ['literal \\n', () => testKeyPem().replaceAll('\n', '\\n'), /the two characters \\n/],
    ['half a key', () => testKeyPem().slice(0, 900), /not a private key in PEM.*truncated/],
    ['nothing', () => '', /not a private key in PEM/],
    ['a megabyte', () => 'a'.repeat(1_000_000), /is too large/],
  ]
  it.each(rows)('%s: the error says how to fix it, and contains nothing of the file', (_what, text, sentence) => {
    const content = text()
    const path = tempFile('k.pem', content)
    const thrown = catchError(() => readPrivateKey(path))
    expect(thrown).toMatchObject({ name: 'KeyError', message: expect.stringMatching(sentence) as string })
    expect(thrown.message.startsWith(`${path}: `)).toBe(true)
    const line = content.split('\n')[1] ?? ''
    if (line.length > 20) expect(thrown.message).not.toContain(line.slice(0, 20))
  })

  it.each([0o620, 0o602, 0o666])('mode %o: other users can write it', (mode) => {
    const path = tempFile('k.pem', testKeyPem())
    chmodSync(path, mode)
    expect(() => readPrivateKey(path)).toThrow(`chmod go-w ${path}`)
  })

  it('a file that does not exist, and a folder', () => {
    expect(() => readPrivateKey('/nowhere/k.pem')).toThrow('does not exist')
    const folder = tempDir()
    chmodSync(folder, 0o755)
    expect(() => readPrivateKey(folder)).toThrow('is a folder, but must be a file')
  })

  it.skipIf(process.getuid?.() !== 0)('a file that this user cannot read', () => {
    const path = tempFile('k.pem', testKeyPem(), 0o600)
    chmodSync(join(path, '..'), 0o755)
    const script = `
      const { readPrivateKey } = await import(${JSON.stringify(new URL('../../src/keys/private-key.ts', import.meta.url).href)})
      process.setuid(65534)
      try { readPrivateKey(${JSON.stringify(path)}) } catch (error) { process.stdout.write(error.message) }`
    const message = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    expect(message).toBe(`${path}: is not readable by this process; grant access to the user that runs the service.`)
  })
})

function catchError(run: () => unknown): Error {
  try {
    run()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

it('leaves no part of a private key on the heap, neither as a string nor as bytes', () => {
  const pem = testKeyPem()
  const path = tempFile('k.pem', pem)
  const script = `
    import { getHeapSnapshot } from 'node:v8'
    const { readPrivateKey } = await import(${JSON.stringify(new URL('../../src/keys/private-key.ts', import.meta.url).href)})
    const key = readPrivateKey(${JSON.stringify(path)})
    const marker = 'this one is found'
    globalThis.kept = [key, marker + Math.random()]
    for await (const chunk of getHeapSnapshot()) process.stdout.write(chunk)`
  const snapshot = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    maxBuffer: 1e9,
  })
  expect(snapshot).toContain('this one is found')
  const lines = pem.split('\n').filter((line) => line.length === 64)
  expect(lines.length).toBeGreaterThan(40)
  expect(lines.filter((line) => snapshot.includes(line))).toStrictEqual([])
})
