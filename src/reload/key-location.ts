import type { Config } from '../config/config.ts'
import type { ReadKeyFiles } from './key-reload.ts'
import { DEVELOPMENT_KEY_ID } from '../keys/generate.ts'
import { KeyError } from '../keys/private-key.ts'
import { listPrivateKeyIds } from '../keys/key-file-names.ts'
import { type KeyLocation, readKeyFiles } from '../keys/key-ring.ts'
import { findMisnamedKeys } from '../keys/misnamed.ts'

/** The location of the keys according to the settings. */
export const keyLocationOf = (config: Config): KeyLocation => ({
  keysDir: config.KEYS_DIR,
  ...(config.SIGNING_KEY_ID === undefined ? {} : { signingKeyId: config.SIGNING_KEY_ID }),
  ...(config.SIGNING_KEY_FILE === undefined ? {} : { signingKeyFile: config.SIGNING_KEY_FILE }),
})

/**
 * @returns whether the settings select no key and the key folder contains none, under any name; development then creates
 *   one
 */
export const isKeyMissing = ({ SIGNING_KEY_ID, SIGNING_KEY_FILE, KEYS_DIR }: Config): boolean =>
  SIGNING_KEY_ID === undefined &&
  SIGNING_KEY_FILE === undefined &&
  listPrivateKeyIds(KEYS_DIR).length === 0 &&
  findMisnamedKeys(KEYS_DIR).length === 0

/** Creates the function that reads the key files of the settings, at the start and at every reload. */
export const createKeyFilesReader =
  (config: Config): ReadKeyFiles =>
  (before) => {
    const files = readKeyFiles(keyLocationOf(config), before)
    if (config.NODE_ENV === 'production' && files.requested.id === DEVELOPMENT_KEY_ID) {
      throw new KeyError('SIGNING_KEY_ID: production refuses the development key; mount the key that Jitsi knows.')
    }
    return files
  }
