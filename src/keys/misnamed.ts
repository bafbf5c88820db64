import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { filterOtherNames, listFileNames } from './key-file-names.ts'
import { findForeignFormat } from './key-format.ts'
import { KeyError } from './private-key.ts'

/** Enough to recognize a key. */
const HEAD_BYTES = 16 * 1024

/** What people and programs append to the name of a key file. */
const EXTENSIONS = /(?:\.(?:pem|key|pk|pk8|p8|der|rsa|priv|private|pub|txt|jwk|json|b64|base64))+$/i
const COPY_NUMBER = / ?\(\d+\)(?=\.|$)/g

/** @returns what a file contains; undefined if it is no key, or cannot be read */
function kindOf(path: string): 'private' | 'public' | undefined {
  const head = Buffer.alloc(HEAD_BYTES)
  try {
    const file = openSync(path, 'r')
    try {
      const content = head.subarray(0, readSync(file, head))
      if (content.includes('PRIVATE KEY-----')) return 'private'
      if (content.includes('PUBLIC KEY-----')) return 'public'
      return findForeignFormat(content) === undefined ? undefined : 'private'
    } finally {
      closeSync(file)
    }
  } catch {
    return undefined
  } finally {
    head.fill(0)
  }
}

/** @returns a valid key id that resembles a file name */
function idOf(name: string): string {
  const id = name
    .replaceAll(COPY_NUMBER, '')
    .replace(EXTENSIONS, '')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .replace(/-+$/, '')
  return id.slice(0, 64) || 'key'
}

/**
 * Finds keys in the key folder whose file names hide them.
 * @returns sentences for people, each with the name that a file should have
 * @throws KeyError if the folder cannot be read
 */
export const findMisnamedKeys = (keysDir: string): string[] =>
  filterOtherNames(listFileNames(keysDir)).flatMap((name) => {
    const kind = kindOf(join(keysDir, name))
    if (kind === undefined) return []
    const suffix = kind === 'private' ? '.pem' : '.pub.pem'
    return `KEYS_DIR ${keysDir}: the key ${JSON.stringify(name)} is not used, because its name is not <key id>${suffix}; rename it, for example to ${idOf(name)}${suffix}. The key id is the part of the kid after the slash.`
  })

/**
 * Creates the error of a key folder without the signing key.
 * @param path the missing file; undefined if any key would do
 */
export function missingKeyError(keysDir: string, path: string | undefined): KeyError {
  const misnamed = findMisnamedKeys(keysDir)
  if (path !== undefined) return new KeyError([`${path}: does not exist; mount the private key there.`, ...misnamed])
  if (misnamed.length > 0) return new KeyError(misnamed)
  return new KeyError(`KEYS_DIR ${keysDir}: contains no <key id>.pem; mount the private key there, read-only.`)
}
