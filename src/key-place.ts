import type { Config } from './config.ts'
import type { Development } from './development.ts'
import type { RingReader } from './key-source.ts'
import { DEVELOPMENT_KEY_ID, makeDevelopmentKey } from './keys/make-key.ts'
import { KeyFault } from './keys/private-key.ts'
import { type KeyPlace, privateKeyIds, readRing, type Ring } from './keys/ring.ts'

/** Where the keys are, by the settings. */
export const placeOf = (config: Config): KeyPlace => ({
  keysDir: config.KEYS_DIR,
  ...(config.SIGNING_KEY_ID === undefined ? {} : { signingKeyId: config.SIGNING_KEY_ID }),
  ...(config.SIGNING_KEY_FILE === undefined ? {} : { signingKeyFile: config.SIGNING_KEY_FILE }),
})

/** Whether no key is named and none lies there: then development makes one at its start. */
export const lacksKey = ({ SIGNING_KEY_ID, SIGNING_KEY_FILE, KEYS_DIR }: Config): boolean =>
  SIGNING_KEY_ID === undefined && SIGNING_KEY_FILE === undefined && privateKeyIds(KEYS_DIR).length === 0

/** @returns the ring, or undefined where a shared secret signs */
export async function ringOf(config: Config, development: Development | undefined): Promise<Ring | undefined> {
  if (config.JITSI_JWT_SECRET !== undefined) return undefined
  if (development !== undefined && lacksKey(config)) {
    development.madeKeyFile = await makeDevelopmentKey(config.KEYS_DIR)
  }
  return ringReader(config)()
}

/** Reads the ring that the settings name, at the start and again, where it may be used. */
export const ringReader =
  (config: Config): RingReader =>
  (before) => {
    const ring = readRing(placeOf(config), before)
    if (config.NODE_ENV === 'production' && ring.active.id === DEVELOPMENT_KEY_ID) {
      throw new KeyFault('SIGNING_KEY_ID: production refuses the development key; mount the key that Jitsi knows.')
    }
    return ring
  }
