import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { explainFileError } from '../rules/file-error.ts'
import { ACTIVE_FILE, filterIds, filterPrivateIds, KEY_ID, listFileNames } from './key-file-names.ts'
import { missingKeyError } from './misnamed.ts'
import { KeyError, readPrivateKey, readPublicKey } from './private-key.ts'

/** The key folder, and the settings that select the signing key. */
export type KeyLocation = { keysDir: string; signingKeyId?: string; signingKeyFile?: string }

/** All keys are published. `active` signs, `next` will sign after a rotation, and `retired` only verifies. */
type KeyState = 'active' | 'next' | 'retired'

/** A published key. */
export type RingKey = {
  id: string
  state: KeyState
  publicKey: KeyObject
  /** Hex SHA-256 of the public key (SPKI, DER). */
  fingerprint: string
}

/** The keys in use, of which one signs. */
export type KeyRing = { active: { id: string; key: KeyObject }; keys: readonly RingKey[] }

/** The key ring in use before, of which only the signing key matters. */
type PreviousRing = { active: { id: string } }

/** The word after the id in this file that makes the key sign even if verifiers do not know it. */
const IMMEDIATELY = 'now'

/** The keys of the key folder, before it is decided which of them signs. */
export type KeyFiles = {
  /** The key that the settings or the file `active` select, and whether it signs even if verifiers do not know it. */
  requested: Selection
  /** The private keys by id, in the order of their publication. */
  privateKeys: ReadonlyMap<string, KeyObject>
  retired: readonly RingKey[]
}

type Selection = { id: string; immediately: boolean }

/**
 * Reads all keys of the key folder: private keys from `<id>.pem`, public halves from `<id>.pub.pem`. The first of these
 * is the requested key: the key of `SIGNING_KEY_FILE`, of `SIGNING_KEY_ID`, or of the file `active`; the key that signed
 * before; the only private key.
 * @param before the key ring in use, if any
 * @throws KeyError if any key is invalid (none is skipped), or if there is no signing key
 */
export function readKeyFiles(location: KeyLocation, before?: PreviousRing): KeyFiles {
  const names = listFileNames(location.keysDir)
  const privateIds = filterPrivateIds(names)
  const requested = readSelection(location, privateIds, names.includes(ACTIVE_FILE), before)
  if (location.signingKeyFile === undefined && !privateIds.includes(requested.id))
    throw missingKeyError(location.keysDir, pemPathOf(location, requested.id))
  const ids = [requested.id, ...privateIds.filter((id) => id !== requested.id)]
  const privateKeys = new Map(
    ids.map((id) => [
      id,
      readPrivateKey(id === requested.id ? requestedPathOf(location, id) : pemPathOf(location, id)),
    ]),
  )
  const published = filterIds(names, '.pub.pem').map((id) => readRetiredKey(location.keysDir, id))
  for (const { id, fingerprint } of published) {
    const key = privateKeys.get(id)
    if (key !== undefined && fingerprintOf(createPublicKey(key)) !== fingerprint) {
      throw new KeyError(
        `${join(location.keysDir, id)}.pub.pem: is not the public half of ${id}.pem; remove the wrong file.`,
      )
    }
  }
  return { requested, privateKeys, retired: published.filter(({ id }) => !privateKeys.has(id)) }
}

/** Creates the key ring in which a key signs. @param activeId the id of one of the private keys */
export function createKeyRing({ privateKeys, retired }: KeyFiles, activeId: string): KeyRing {
  const key = privateKeys.get(activeId)
  if (key === undefined) throw new KeyError(`the key ${activeId} has no private key; mount ${activeId}.pem.`)
  const others = [...privateKeys].filter(([id]) => id !== activeId)
  const next = others.map(([id, other]) => toRingKey(id, 'next', createPublicKey(other)))
  return {
    active: { id: activeId, key },
    keys: [toRingKey(activeId, 'active', createPublicKey(key)), ...next, ...retired],
  }
}

/** Reads the key ring in which the requested key signs. @throws KeyError, see `readKeyFiles` */
export function readKeyRing(location: KeyLocation, before?: PreviousRing): KeyRing {
  const files = readKeyFiles(location, before)
  return createKeyRing(files, files.requested.id)
}

const readRetiredKey = (dir: string, id: string): RingKey =>
  toRingKey(id, 'retired', readPublicKey(join(dir, `${id}.pub.pem`)))

/** Reads all public halves in a folder (`<id>.pub.pem`), for example in an archive of old keys. @throws KeyError */
export const readPublicKeys = (dir: string): RingKey[] =>
  filterIds(listFileNames(dir), '.pub.pem').map((id) => readRetiredKey(dir, id))

const pemPathOf = (location: KeyLocation, id: string): string => join(location.keysDir, `${id}.pem`)

/** @returns the path of the requested private key, which can be outside the key folder */
const requestedPathOf = (location: KeyLocation, id: string): string =>
  location.signingKeyFile ?? pemPathOf(location, id)

function readSelection(
  { keysDir, signingKeyId, signingKeyFile }: KeyLocation,
  privateIds: readonly string[],
  hasActiveFile: boolean,
  before?: PreviousRing,
): Selection {
  if (signingKeyFile !== undefined && signingKeyId === undefined) {
    throw new KeyError(
      'SIGNING_KEY_FILE: requires SIGNING_KEY_ID, the id of the key: the part of the kid after the slash.',
    )
  }
  if (signingKeyId !== undefined) return { id: signingKeyId, immediately: false }
  if (hasActiveFile) return readActiveFile(keysDir)
  return { id: selectId(keysDir, privateIds, before), immediately: false }
}

function readActiveFile(keysDir: string): Selection {
  const path = join(keysDir, ACTIVE_FILE)
  const [id = '', now, ...others] = readText(path).trim().split(/\s+/)
  if (!KEY_ID.test(id) || (now ?? IMMEDIATELY) !== IMMEDIATELY || others.length > 0) {
    throw new KeyError(
      `${path}: must contain the id of the signing key; "${IMMEDIATELY}" can follow it, and nothing else.`,
    )
  }
  return { id, immediately: now === IMMEDIATELY }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new KeyError(`${path}: ${explainFileError(error, 'file')}`)
  }
}

/** Formats the content of the file `active`. @param immediately whether the key signs even if verifiers do not know it */
export const formatActiveFile = ({ id, immediately }: Selection): string =>
  immediately ? `${id} ${IMMEDIATELY}\n` : `${id}\n`

/** @returns the key that signed before, or the only private key @throws KeyError if there is neither */
function selectId(keysDir: string, privateIds: readonly string[], before: PreviousRing | undefined): string {
  const [id] = privateIds
  if (id === undefined) throw missingKeyError(keysDir, undefined)
  if (before !== undefined && privateIds.includes(before.active.id)) return before.active.id
  if (privateIds.length > 1) {
    throw new KeyError(
      `KEYS_DIR ${keysDir}: contains ${privateIds.length} private keys; select the signing key with SIGNING_KEY_ID, or with the file ${ACTIVE_FILE} there.`,
    )
  }
  return id
}

const toRingKey = (id: string, state: KeyState, publicKey: KeyObject): RingKey => ({
  id,
  state,
  publicKey,
  fingerprint: fingerprintOf(publicKey),
})

const fingerprintOf = (publicKey: KeyObject): string =>
  createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')

/** @returns whether two key rings contain the same keys in the same states */
export const isSameRing = (one: KeyRing, other: KeyRing): boolean => summaryOf(one) === summaryOf(other)

const summaryOf = ({ keys }: KeyRing): string =>
  keys.map(({ id, state, fingerprint }) => `${id} ${state} ${fingerprint}`).join('\n')
