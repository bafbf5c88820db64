import { explainFileError } from '../rules/file-error.ts'
import { OperatorError } from '../service/fault.ts'
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { describeFormat, findForeignFormat } from './key-format.ts'

const MIN_MODULUS_BITS = 4096
const MAX_FILE_BYTES = 64 * 1024

/** A key that cannot be used, for example an invalid key file. */
export class KeyError extends OperatorError {
  override name = 'KeyError'

  /** @param errors sentences that say how to fix it; they never contain a part of the key */
  constructor(errors: string | readonly string[], options?: ErrorOptions) {
    super([errors].flat(), options)
  }
}

/**
 * Reads a private signing key.
 * @param path a PEM file, PKCS#8 or PKCS#1 (`ssh-keygen -m PEM` in the 8x8 guide writes the latter)
 * @returns an RSA key of at least 4096 bits
 * @throws KeyError
 */
export function readPrivateKey(path: string): KeyObject {
  const pem = readKeyFile(path)
  try {
    return checkKey(path, parsePrivateKey(path, pem))
  } finally {
    // From here on, only the memory of OpenSSL contains the key; a heap dump does not.
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
  const pem = readKeyFile(path)
  if (pem.includes('PRIVATE KEY'))
    throw new KeyError(`${path}: contains a private key; replace it with its public half.`)
  try {
    return checkKey(path, createPublicKey(pem))
  } catch (error) {
    throw error instanceof KeyError ? error : new KeyError(`${path}: is not a public key in PEM, or is truncated.`)
  }
}

/** @throws KeyError if the key is not RSA or is too small */
function checkKey(path: string, key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'rsa') {
    throw new KeyError(`${path}: the key is not an RSA key; RS256 requires one. ${HOW_TO_CREATE}`)
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (bits < MIN_MODULUS_BITS) {
    throw new KeyError(`${path}: the key has ${bits} bits; at least ${MIN_MODULUS_BITS} are required. ${HOW_TO_CREATE}`)
  }
  return key
}

const HOW_TO_CREATE = 'Create a key with: npm run cli -- keys generate, and upload its public half.'

/** Reads a key file that only its owner can write and that is at most 64 KiB large. @throws KeyError */
function readKeyFile(path: string): Buffer {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const stats = fstatSync(file)
    const { mode, size } = stats
    if (stats.isDirectory()) throw new KeyError(`${path}: ${explainFileError({ code: 'EISDIR' }, 'file')}`)
    // A user with write access could replace the key. Windows has no permission bits.
    if (process.platform !== 'win32' && (mode & 0o022) !== 0) {
      throw new KeyError(`${path}: is writable by its group or by everyone; run: chmod go-w ${path}. ${FIXED_MODES}`)
    }
    if (size > MAX_FILE_BYTES) throw new KeyError(`${path}: is too large for a key; it must contain one key in PEM.`)
    return readFileSync(file)
  } catch (error) {
    throw error instanceof KeyError ? error : new KeyError(`${path}: ${explainFileError(error, 'file')}`)
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

const FIXED_MODES =
  'On a mount whose modes do not change (Docker Desktop, WSL, fsGroup), see "Modes of key files" in docs/operations.md.'

function parsePrivateKey(path: string, pem: Buffer): KeyObject {
  const toError = (text: string) => new KeyError(`${path}: ${text}`)
  if (pem.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----') || pem.includes('Proc-Type: 4,ENCRYPTED')) {
    throw toError('is encrypted; mount it decrypted (openssl pkey -in … -out …), readable only by the service.')
  }
  if (pem.includes('BEGIN OPENSSH PRIVATE KEY')) {
    throw toError('is in OpenSSH format; convert a copy of it with: ssh-keygen -p -m PEM -f <copy>.')
  }
  const isPublic = ['BEGIN PUBLIC KEY', 'BEGIN RSA PUBLIC KEY', 'BEGIN CERTIFICATE'].some((label) =>
    pem.includes(label),
  )
  if (isPublic && !pem.includes('PRIVATE KEY')) {
    throw toError('contains a public key or a certificate; mount the private key.')
  }
  try {
    return createPrivateKey(pem)
  } catch {
    const format = findForeignFormat(pem)
    if (format !== undefined) throw toError(describeFormat(format, path))
    // The error of OpenSSL is dropped: it does not help the operator, and it may quote the file.
    throw toError(`is not a private key in PEM (PKCS#8 or PKCS#1), or is truncated. ${HOW_TO_CREATE}`)
  }
}

/** @returns the public half of a key as SPKI in PEM, the format that JaaS accepts */
export function toPublicPem(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' })
}
