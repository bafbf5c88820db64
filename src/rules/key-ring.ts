/** A key in the key register, under the `kid` of its tokens. */
export type KnownKey = {
  kid: string
  fingerprint: string
  state: 'active' | 'next' | 'retired' | 'removed'
  /** Epoch milliseconds. */
  firstSeenAt: number
  changedAt: number
}

/** A key in the current key ring. */
export type CurrentKey = Pick<KnownKey, 'kid' | 'fingerprint'> & { state: 'active' | 'next' | 'retired' }

/**
 * Compares the current key ring with the key register.
 * @returns the keys whose state changed, and the kids that were used for another key before: verifiers cache a key under its
 *   kid without limit, so such a kid is refused
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
