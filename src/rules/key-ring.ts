/** A key as the record knows it, by the `kid` that verifiers see. */
export type KnownKey = {
  kid: string
  fingerprint: string
  state: 'active' | 'next' | 'retired' | 'removed'
  /** Epoch milliseconds. */
  firstSeenAt: number
  changedAt: number
}

/** A key of the ring as it is now. */
export type CurrentKey = Pick<KnownKey, 'kid' | 'fingerprint'> & { state: 'active' | 'next' | 'retired' }

/**
 * What a ring changes in what is known.
 * @returns the keys whose state is new, and the kids that once had another key: a verifier keeps a key under its kid
 *   without end, so such a kid never works again
 */
export function compareKeyRing(
  known: readonly KnownKey[],
  ring: readonly CurrentKey[],
  nowMs: number,
): { changed: KnownKey[]; reused: string[] } {
  const before = new Map(known.map((key) => [key.kid, key]))
  const now = new Set(ring.map(({ kid }) => kid))
  const reused = ring.filter(({ kid, fingerprint }) => (before.get(kid)?.fingerprint ?? fingerprint) !== fingerprint)
  const changed: KnownKey[] = [
    ...ring
      .filter(({ kid, state }) => before.get(kid)?.state !== state)
      .map((key) => ({ ...key, firstSeenAt: before.get(key.kid)?.firstSeenAt ?? nowMs, changedAt: nowMs })),
    ...known
      .filter(({ kid, state }) => !now.has(kid) && state !== 'removed')
      .map((key) => ({ ...key, state: 'removed' as const, changedAt: nowMs })),
  ]
  return { changed, reused: reused.map(({ kid }) => kid) }
}
