import { execFile } from 'node:child_process'
import { generateKeyPair } from 'node:crypto'
import { linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'

/** The id of a key made for development; production refuses it. */
export const DEVELOPMENT_KEY_ID = 'development'

const MODULUS_BITS = 4096

/**
 * Makes a private key of 4096 bits, PKCS#8 in PEM.
 * @param primes two by Node.js itself; four (RFC 8017, section 3.1) or three by OpenSSL, which has to be there
 * @throws Error with code ENOENT where OpenSSL is not there
 */
export async function newPrivatePem(primes: 2 | 3 | 4 = 2): Promise<string> {
  if (primes !== 2) {
    const options = [`rsa_keygen_bits:${MODULUS_BITS}`, `rsa_keygen_primes:${primes}`].flatMap((each) => [
      '-pkeyopt',
      each,
    ])
    const { stdout } = await promisify(execFile)('openssl', ['genpkey', '-algorithm', 'RSA', ...options])
    return stdout
  }
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: MODULUS_BITS })
  return privateKey.export({ type: 'pkcs8', format: 'pem' })
}

/**
 * Puts a key's file in place: its owner alone may read it, it is there whole or not at all, and no other is replaced.
 * @throws Error with code EEXIST where there is one of that name
 */
export const placeFile = (path: string, text: string, mode = 0o600): void => throughHalf(path, text, mode, linkSync)

/** Puts a file in the place of another; whoever looks sees the old one or the new one. */
export const replaceFile = (path: string, text: string, mode = 0o600): void => throughHalf(path, text, mode, renameSync)

function throughHalf(path: string, text: string, mode: number, put: (half: string, path: string) => void): void {
  mkdirSync(dirname(path), { recursive: true })
  const half = join(dirname(path), `.${basename(path)}.${process.pid}`)
  try {
    writeFileSync(half, text, { mode, flag: 'wx' })
    put(half, path)
  } finally {
    rmSync(half, { force: true })
  }
}

/** Makes a key for development. @returns its path */
export async function makeDevelopmentKey(keysDir: string): Promise<string> {
  const path = join(keysDir, `${DEVELOPMENT_KEY_ID}.pem`)
  placeFile(path, await newPrivatePem())
  return path
}
