import { DEVELOPMENT_KEY_ID } from '../keys/generate.ts'
import type { KeyFiles } from '../keys/key-ring.ts'
import { type KnownKey, type SelectedKey, selectSigningKey } from '../rules/key-ring.ts'

/** What is known when the signing key is selected. */
export type SigningHistory = {
  /** The key register. */
  known: readonly KnownKey[]
  /** Returns the kid of the tokens that a key signs. */
  kidOf: (keyId: string) => string
  /** How long verifiers may cache the published keys. */
  maxAgeSeconds: number
  nowMs: number
  /** The id of the key that signs in this instance, if any. */
  current?: string | undefined
}

/**
 * Selects the key that signs from the key files. The previous key is the one that the register says signs, so that all
 * instances select the same key, also after a restart.
 */
export function selectFromFiles({ requested, privateKeys }: KeyFiles, history: SigningHistory): SelectedKey {
  const { known, kidOf, maxAgeSeconds, nowMs, current } = history
  const states = new Map(known.map((key) => [key.kid, key]))
  // No Jitsi knows the development key, so no verifier relies on it.
  const ids = [...privateKeys.keys()].filter((id) => id !== DEVELOPMENT_KEY_ID)
  const previous = ids.find((id) => states.get(kidOf(id))?.state === 'active') ?? ids.find((id) => id === current)
  const entry = states.get(kidOf(requested.id))
  return selectSigningKey({
    requested: requested.id,
    immediately: requested.immediately,
    previous,
    publishedSince: entry?.state === 'removed' ? undefined : entry?.publishedSince,
    maxAgeSeconds,
    nowMs,
  })
}
