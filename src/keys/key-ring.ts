import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { KeyError, readPrivateKey, readPublicKey } from './private-key.ts'

/** Where the keys are; each may come from the environment. */
export type KeyLocation = { keysDir: string; signingKeyId?: string; signingKeyFile?: string }

/** active signs; next is published and will sign; retired is published and signs no more. */
type KeyState = 'active' | 'next' | 'retired'

/** A key as it is published. */
export type RingKey = {
  id: string
  state: KeyState
  publicKey: KeyObject
  /** Hex SHA-256 of the public key (SPKI, DER). */
  fingerprint: string
}

/** All keys at one time, of which one signs. */
export type KeyRing = { active: { id: string; key: KeyObject }; keys: readonly RingKey[] }

/** Which key signed until now. */
type PreviousRing = { active: { id: string } }

/** The shape of a key's id: what `SIGNING_KEY_ID` may be, and a file may be called. */
export const KEY_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** The file in the folder of the keys that names the one that signs. */
export const ACTIVE_FILE = 'active'

/**
 * Reads all keys: `<id>.pem` private, `<id>.pub.pem` public. The one that signs is named by the setting, or by the file
 * `active`, or is the only private one; or, where others came since, the one that signed before.
 * @param before which key signed until now, where that is known
 * @throws KeyError a sentence that says what to do; no key is left out in silence
 */
export function readRing(place: KeyLocation, before?: PreviousRing): KeyRing {
  const names = fileNames(place.keysDir)
  const privateIds = listPrivateKeyIds(names)
  const publicIds = listKeyIds(names, '.pub.pem')
  const active = activeKey(place, privateIds, names.includes(ACTIVE_FILE), before)
  const others = privateIds
    .filter((id) => id !== active.id)
    .map((id) => ({ id, key: readPrivateKey(pemPath(place, id)) }))
  const signing = [active, ...others].map(({ id, key }, index) =>
    readRingKey(id, index === 0 ? 'active' : 'next', createPublicKey(key)),
  )
  const published = publicIds.map((id) => retiredKey(place.keysDir, id))
  for (const { id, fingerprint } of published) {
    const twin = signing.find((each) => each.id === id)
    if (twin !== undefined && twin.fingerprint !== fingerprint) {
      throw new KeyError(
        `${join(place.keysDir, id)}.pub.pem: is not the public half of ${id}.pem; remove the wrong one.`,
      )
    }
  }
  const retired = published.filter(({ id }) => signing.every((each) => each.id !== id))
  return { active, keys: [...signing, ...retired] }
}

const retiredKey = (dir: string, id: string): RingKey =>
  readRingKey(id, 'retired', readPublicKey(join(dir, `${id}.pub.pem`)))

/** The public halves in a folder, `<id>.pub.pem`, such as an archive of keys that are published no more. @throws KeyError */
export const readPublicKeys = (dir: string): RingKey[] =>
  listKeyIds(fileNames(dir), '.pub.pem').map((id) => retiredKey(dir, id))

const pemPath = (place: KeyLocation, id: string): string => join(place.keysDir, `${id}.pem`)

function activeKey(
  place: KeyLocation,
  privateIds: readonly string[],
  hasActiveFile: boolean,
  before?: PreviousRing,
): KeyRing['active'] {
  if (place.signingKeyFile !== undefined) {
    if (place.signingKeyId === undefined) {
      throw new KeyError(
        'SIGNING_KEY_FILE needs SIGNING_KEY_ID beside it: the id of the key, of a kid the part after the slash.',
      )
    }
    return { id: place.signingKeyId, key: readPrivateKey(place.signingKeyFile) }
  }
  const id = place.signingKeyId ?? (hasActiveFile ? activeId(place.keysDir) : onlyId(place.keysDir, privateIds, before))
  return { id, key: readPrivateKey(pemPath(place, id)) }
}

function activeId(keysDir: string): string {
  const path = join(keysDir, ACTIVE_FILE)
  const id = readFileSync(path, 'utf8').trim()
  if (!KEY_ID.test(id)) throw new KeyError(`${path}: must hold the id of the key that signs, and nothing else.`)
  return id
}

function onlyId(keysDir: string, privateIds: readonly string[], before: PreviousRing | undefined): string {
  const [id] = privateIds
  if (id === undefined) {
    throw new KeyError(`KEYS_DIR ${keysDir}: holds no <key id>.pem; mount the private key there, read-only.`)
  }
  if (before !== undefined && privateIds.includes(before.active.id)) return before.active.id
  if (privateIds.length > 1) {
    throw new KeyError(
      `KEYS_DIR ${keysDir}: holds ${privateIds.length} private keys; name the one that signs in SIGNING_KEY_ID, or in the file ${ACTIVE_FILE} there.`,
    )
  }
  return id
}

function fileNames(keysDir: string): string[] {
  try {
    return readdirSync(keysDir)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') return []
    throw new KeyError(`KEYS_DIR ${keysDir}: cannot be read (${code ?? 'unknown fault'}).`)
  }
}

/** @returns the ids of the private keys in a folder, sorted */
export const privateKeyIds = (keysDir: string): string[] => listPrivateKeyIds(fileNames(keysDir))

const listPrivateKeyIds = (names: readonly string[]): string[] =>
  listKeyIds(names, '.pem').filter((id) => !id.endsWith('.pub'))

const listKeyIds = (names: readonly string[], ending: string): string[] =>
  names
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .filter((id) => KEY_ID.test(id))
    .toSorted()

function readRingKey(id: string, state: KeyState, publicKey: KeyObject): RingKey {
  const fingerprint = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
  return { id, state, publicKey, fingerprint }
}

/** Whether two rings hold the same keys in the same states. */
export const isSameRing = (one: KeyRing, other: KeyRing): boolean => summary(one) === summary(other)

const summary = ({ keys }: KeyRing): string =>
  keys.map(({ id, state, fingerprint }) => `${id} ${state} ${fingerprint}`).join('\n')
