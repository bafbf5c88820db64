import { readdirSync } from 'node:fs'
import { explainFileError } from '../rules/file-error.ts'
import { KeyError } from './private-key.ts'

/** The syntax of a key id, in `SIGNING_KEY_ID` and in file names. */
export const KEY_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** The file in the key folder that contains the id of the signing key. */
export const ACTIVE_FILE = 'active'

/** @returns the names of the files in a folder; none if the folder does not exist @throws KeyError */
export function listFileNames(keysDir: string): string[] {
  try {
    return readdirSync(keysDir)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new KeyError(`KEYS_DIR ${keysDir}: ${explainFileError(error, 'folder')}`)
  }
}

/** @returns the ids of the private keys in a folder, sorted @throws KeyError if the folder cannot be read */
export const listPrivateKeyIds = (keysDir: string): string[] => filterPrivateIds(listFileNames(keysDir))

/** @returns the ids of the private keys among file names, sorted */
export const filterPrivateIds = (names: readonly string[]): string[] =>
  filterIds(names, '.pem').filter((id) => !id.endsWith('.pub'))

/** @returns the valid ids among file names that end with a suffix, sorted */
export const filterIds = (names: readonly string[], suffix: string): string[] =>
  names
    .filter((name) => name.endsWith(suffix))
    .map((name) => name.slice(0, -suffix.length))
    .filter((id) => KEY_ID.test(id))
    .toSorted()

/** @returns the names that are neither those of keys nor of the file `active`, nor hidden */
export function filterOtherNames(names: readonly string[]): string[] {
  const known = new Set([ACTIVE_FILE, ...filterIds(names, '.pem').map((id) => `${id}.pem`)])
  return names.filter((name) => !known.has(name) && !name.startsWith('.'))
}
