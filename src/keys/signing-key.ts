import { generateKeyPair, type KeyObject } from 'node:crypto'
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { KeyFault, readPrivateKey } from './private-key.ts'

/** The key that signs, and the id that its file carries. */
export type SigningKey = { keyId: string; key: KeyObject }

/** Where the signing key is to be found; each may come from the environment. */
export type KeyPlace = { keysDir: string; signingKeyId?: string; signingKeyFile?: string }

/** The id of a key made for development; production refuses it. */
export const DEVELOPMENT_KEY_ID = 'development'

const KEY_FILE = /^([A-Za-z0-9][A-Za-z0-9._-]{0,63})\.pem$/

/**
 * Finds and reads the signing key: the file that is named, or the one in the directory that the id names, or the only one
 * there.
 * @throws KeyFault a sentence that says what to do
 */
export function readSigningKey(place: KeyPlace): SigningKey {
  if (place.signingKeyFile !== undefined) {
    if (place.signingKeyId === undefined) {
      throw new KeyFault('SIGNING_KEY_FILE needs SIGNING_KEY_ID beside it: the part of the kid after the slash.')
    }
    return { keyId: place.signingKeyId, key: readPrivateKey(place.signingKeyFile) }
  }
  const keyId = place.signingKeyId ?? onlyKeyId(place.keysDir)
  return { keyId, key: readPrivateKey(join(place.keysDir, `${keyId}.pem`)) }
}

function onlyKeyId(keysDir: string): string {
  const ids = keyIds(keysDir)
  const [id] = ids
  if (id === undefined) {
    throw new KeyFault(`KEYS_DIR ${keysDir}: holds no <key id>.pem; mount the private key there, read-only.`)
  }
  if (ids.length > 1) {
    throw new KeyFault(`KEYS_DIR ${keysDir}: holds ${ids.length} keys; name the one that signs in SIGNING_KEY_ID.`)
  }
  return id
}

/** @returns the ids of the private keys in a directory, sorted; public keys (`<id>.pub.pem`) are passed over */
export function keyIds(keysDir: string): string[] {
  let names: string[]
  try {
    names = readdirSync(keysDir)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') return []
    throw new KeyFault(`KEYS_DIR ${keysDir}: cannot be read (${code ?? 'unknown fault'}).`)
  }
  return names
    .filter((name) => !name.endsWith('.pub.pem'))
    .flatMap((name) => KEY_FILE.exec(name)?.[1] ?? [])
    .sort()
}

/** Makes a key of 4096 bits for development, in a file that its owner alone can read; it is there whole or not at all. */
export async function makeDevelopmentKey(keysDir: string): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 4096 })
  const path = join(keysDir, `${DEVELOPMENT_KEY_ID}.pem`)
  const half = join(keysDir, `.${basename(path)}.${process.pid}`)
  mkdirSync(keysDir, { recursive: true })
  try {
    writeFileSync(half, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' })
    renameSync(half, path)
  } finally {
    rmSync(half, { force: true })
  }
  return path
}
