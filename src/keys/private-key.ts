import { OperatorError } from '../service/fault.ts'
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'

const MIN_MODULUS_BITS = 4096
const MAX_FILE_BYTES = 64 * 1024

/** What is wrong with a key file, as a sentence that says what to do; it never holds a part of the file. */
export class KeyError extends OperatorError {
  override name = 'KeyError'

  /** @param error a sentence that never contains a part of the key */
  constructor(error: string, options?: ErrorOptions) {
    super([error], options)
  }
}

/**
 * Reads a private signing key.
 * @param path a PEM file, PKCS#8 or PKCS#1 (`ssh-keygen -m PEM`, which the 8x8 guide names, writes the latter)
 * @returns an RSA key of at least 4096 bits
 * @throws KeyError
 */
export function readPrivateKey(path: string): KeyObject {
  const pem = readGuarded(path)
  try {
    return checkKey(path, parse(path, pem))
  } finally {
    // The key lives on in OpenSSL's memory alone; a dump of the heap finds nothing.
    pem.fill(0)
  }
}

/**
 * Reads the public half of a key.
 * @param path a PEM file, SPKI or PKCS#1
 * @returns an RSA key of at least 4096 bits
 * @throws KeyError
 */
export function readPublicKey(path: string): KeyObject {
  const pem = readGuarded(path)
  if (pem.includes('PRIVATE KEY')) throw new KeyError(`${path}: holds a private key; put its public half there.`)
  try {
    return checkKey(path, createPublicKey(pem))
  } catch (error) {
    throw error instanceof KeyError ? error : new KeyError(`${path}: is not a public key in PEM, or is cut short.`)
  }
}

function checkKey(path: string, key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'rsa') {
    throw new KeyError(`${path}: the key is not RSA; RS256 needs an RSA key. ${howToMake}`)
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (bits < MIN_MODULUS_BITS) {
    throw new KeyError(`${path}: the key has ${bits} bits, at least ${MIN_MODULUS_BITS} are needed. ${howToMake}`)
  }
  return key
}

const howToMake = 'Make one with: npm run cli -- keys generate, and upload its public half.'

function readGuarded(path: string): Buffer {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    throw unreadableError(path, error)
  }
  try {
    const { mode, size } = fstatSync(file)
    // Who may write the file chooses the key. Windows keeps no such bits.
    if (process.platform !== 'win32' && (mode & 0o022) !== 0) {
      throw new KeyError(`${path}: is writable by its group or by everybody; run: chmod go-w ${path}`)
    }
    if (size > MAX_FILE_BYTES) throw new KeyError(`${path}: is too large for a key; put one private key in PEM there.`)
    return readFileSync(file)
  } catch (error) {
    throw error instanceof KeyError ? error : unreadableError(path, error)
  } finally {
    closeSync(file)
  }
}

function unreadableError(path: string, error: unknown): KeyError {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOENT') return new KeyError(`${path}: there is no such file; mount the private key there.`)
  if (code === 'EACCES') {
    return new KeyError(`${path}: this process may not read it; give the user that runs the service the right to.`)
  }
  return new KeyError(`${path}: cannot be read (${code ?? 'unknown fault'}).`)
}

function parse(path: string, pem: Buffer): KeyObject {
  const say = (remedy: string) => new KeyError(`${path}: ${remedy}`)
  if (pem.includes('\\n')) {
    throw say('holds the two characters \\n instead of line breaks; write the key with real line breaks.')
  }
  if (pem.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----') || pem.includes('Proc-Type: 4,ENCRYPTED')) {
    throw say('is encrypted; mount it decrypted (openssl pkey -in … -out …), readable by the service alone.')
  }
  if (pem.includes('BEGIN OPENSSH PRIVATE KEY')) {
    throw say('is in OpenSSH format; convert it with: ssh-keygen -p -m PEM -f <file>.')
  }
  const isPublic = ['BEGIN PUBLIC KEY', 'BEGIN RSA PUBLIC KEY', 'BEGIN CERTIFICATE'].some((mark) => pem.includes(mark))
  if (isPublic && !pem.includes('PRIVATE KEY')) {
    throw say('holds a public key or a certificate; mount the private key.')
  }
  try {
    return createPrivateKey(pem)
  } catch {
    // OpenSSL's own words are dropped: they help nobody here, and may quote the input.
    throw say(`is not a private key in PEM (PKCS#8 or PKCS#1), or is cut short. ${howToMake}`)
  }
}

/** @returns the public half as SPKI PEM: what is uploaded to JaaS */
export function publicPem(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' })
}
