import { execFile } from 'node:child_process'
import { generateKeyPair } from 'node:crypto'
import { linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { explainWriteError } from '../rules/file-error.ts'
import { KeyError } from './private-key.ts'

/** The id of the key that the service creates in development; production refuses it. */
export const DEVELOPMENT_KEY_ID = 'development'

const MODULUS_BITS = 4096

/**
 * Generates an RSA private key of 4096 bits.
 * @param primes the number of prime factors (RFC 8017, section 3.1); more than two require the command `openssl`
 * @returns the key as PKCS#8 in PEM
 * @throws Error with the code ENOENT if `openssl` is not installed
 */
export async function generatePrivatePem(primes: 2 | 3 | 4 = 2): Promise<string> {
  if (primes !== 2) {
    const options = [`rsa_keygen_bits:${MODULUS_BITS}`, `rsa_keygen_primes:${primes}`].flatMap((option) => [
      '-pkeyopt',
      option,
    ])
    const { stdout } = await promisify(execFile)('openssl', ['genpkey', '-algorithm', 'RSA', ...options])
    return stdout
  }
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: MODULUS_BITS })
  return privateKey.export({ type: 'pkcs8', format: 'pem' })
}

/**
 * Creates a file atomically: readers see the whole file or none. It never replaces a file.
 * @param mode permission bits; by default only the owner can read the file
 * @throws Error with the code EEXIST if the file exists; KeyError if the folder cannot be written
 */
export const createFile = (path: string, text: string, mode = 0o600): void =>
  writeAtomically(path, text, mode, linkSync)

/** Creates or replaces a file atomically: readers see the old file or the new one. @param mode permission bits */
export const replaceFile = (path: string, text: string, mode = 0o600): void =>
  writeAtomically(path, text, mode, renameSync)

/** Writes a temporary file in the same folder, and publishes it under its name. */
const writeAtomically = (path: string, text: string, mode: number, publish: typeof renameSync): void =>
  explainingErrors(path, () => {
    mkdirSync(dirname(path), { recursive: true })
    const temporary = join(dirname(path), `.${basename(path)}.${process.pid}`)
    try {
      writeFileSync(temporary, text, { mode, flag: 'wx' })
      publish(temporary, path)
    } finally {
      rmSync(temporary, { force: true })
    }
  })

/** @throws KeyError if the folder cannot be written; an error with the code EEXIST as it is */
function explainingErrors(path: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error
    throw new KeyError(`${path}: ${explainWriteError(error)}`)
  }
}

/** Deletes a key file. @throws KeyError */
export const removeKeyFile = (path: string): void => explainingErrors(path, () => rmSync(path))

/** Creates the development key in the key folder. @returns its path */
export async function createDevelopmentKey(keysDir: string): Promise<string> {
  const path = join(keysDir, `${DEVELOPMENT_KEY_ID}.pem`)
  createFile(path, await generatePrivatePem())
  return path
}
