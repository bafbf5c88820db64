/** A key in the key register, by the `kid` that verifiers see. Times are epoch milliseconds. */
export type KnownKey = {
  kid: string
  fingerprint: string
  state: 'active' | 'next' | 'retired' | 'removed'
  firstSeenAt: number
  /** Since when every running instance publishes the key. */
  publishedSince: number
  /** When the state last changed. */
  changedAt: number
}

/** A key of the key ring in use. */
export type CurrentKey = Pick<KnownKey, 'kid' | 'fingerprint'> & { state: 'active' | 'next' | 'retired' }

/**
 * Compares a key ring with the key register.
 * @param added the kids that this instance begins to publish while it runs
 * @returns `changed`, the keys with a new state; `published`, the keys in the same state that every instance publishes only
 *   from now on; `reused`, the kids that belonged to another key. A verifier caches a key under its kid without expiry, so
 *   a reused kid never works.
 */
export function compareKeyRing(
  known: readonly KnownKey[],
  ring: readonly CurrentKey[],
  nowMs: number,
  added: ReadonlySet<string> = new Set(),
): { changed: KnownKey[]; published: KnownKey[]; reused: string[] } {
  const before = new Map(known.map((key) => [key.kid, key]))
  const publishedSince = (kid: string): number => {
    const key = before.get(kid)
    // While a key was removed, verifiers may have cached a key set without it.
    return key === undefined || key.state === 'removed' || added.has(kid) ? nowMs : key.publishedSince
  }
  const now = new Set(ring.map(({ kid }) => kid))
  const reused = ring.filter(({ kid, fingerprint }) => (before.get(kid)?.fingerprint ?? fingerprint) !== fingerprint)
  const changed: KnownKey[] = [
    ...ring
      .filter(({ kid, state }) => before.get(kid)?.state !== state)
      .map((key) => ({
        ...key,
        firstSeenAt: before.get(key.kid)?.firstSeenAt ?? nowMs,
        publishedSince: publishedSince(key.kid),
        changedAt: nowMs,
      })),
    ...known
      .filter(({ kid, state }) => !now.has(kid) && state !== 'removed')
      .map((key) => ({ ...key, state: 'removed' as const, changedAt: nowMs })),
  ]
  const published = ring
    .filter(({ kid, state }) => added.has(kid) && before.get(kid)?.state === state)
    .flatMap(({ kid }) => before.get(kid) ?? [])
    .map((key) => ({ ...key, publishedSince: nowMs }))
  return { changed, published, reused: reused.map(({ kid }) => kid) }
}

/** What decides which key signs. Times are epoch milliseconds. */
export type SigningKeyChoice = {
  /** The id of the key that the settings or the file `active` select. */
  requested: string
  /** The id of the key that signed until now, if its private key is still there. */
  previous: string | undefined
  /** Since when every running instance publishes the requested key; undefined if none does. */
  publishedSince: number | undefined
  /** How long verifiers may cache the published keys. */
  maxAgeSeconds: number
  nowMs: number
  /** Whether the requested key signs now, even if verifiers do not know it. */
  immediately: boolean
}

/** The key that signs, and the key that will sign from a time in epoch milliseconds on, if any. */
export type SelectedKey = { keyId: string; pending?: PendingKey }

/** A selected key that does not sign yet. `at` is in epoch milliseconds. */
export type PendingKey = { keyId: string; at: number }

/**
 * How long a key must be published in addition to the time that verifiers cache the keys. It covers the time between the
 * registration of a key and its publication, and the difference between the clocks of the instances.
 */
const PUBLICATION_MARGIN_SECONDS = 5

/** @returns for how many seconds a key must be published before it signs, so that every verifier has fetched it */
export const secondsUntilFetched = (maxAgeSeconds: number): number => maxAgeSeconds + PUBLICATION_MARGIN_SECONDS

/**
 * Selects the key that signs. A verifier refuses a token of a key that is not in its cache, so a new key signs only when
 * every cache that was filled before its publication has expired; the previous key signs until then. Without a previous
 * key, the requested key signs at once, because no verifier relies on another key.
 *
 * This applies to JaaS too. 8x8 does not fetch the published keys, but other verifiers can, and 8x8 does not document
 * how soon an uploaded key works.
 */
export function selectSigningKey(choice: SigningKeyChoice): SelectedKey {
  const { requested, previous, nowMs, immediately } = choice
  if (previous === undefined || previous === requested || immediately) return { keyId: requested }
  const at = (choice.publishedSince ?? nowMs) + secondsUntilFetched(choice.maxAgeSeconds) * 1000
  return at <= nowMs ? { keyId: requested } : { keyId: previous, pending: { keyId: requested, at } }
}
