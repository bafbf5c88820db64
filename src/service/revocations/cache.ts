import { indexRevocations } from '../../rules/revocation.ts'
import type { ChangeBus } from '../consultations/ports.ts'
import type { RevocationStore } from './ports.ts'
import type { RevocationIndex } from '../ports.ts'

/** The change bus id of revocations: the max UUID (RFC 9562, section 5.10), which no consultation has. */
export const REVOCATIONS_TOPIC = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/** The revocations in force, cached in memory. */
export type RevocationCache = RevocationIndex & {
  /** Reads the revocations again. @throws ServiceFault `record-unavailable`; the next `isRevoked` then tries again */
  refresh(): Promise<void>
  /** @returns how many revocations are cached */
  count(): number
  close(): void
}

/**
 * Opens a cache of the revocations. It reads them again when the change bus reports a change or may have lost one; `isRevoked`
 * waits for a read that is in progress. While the change bus is down, `isRevoked` queries the store instead. If a connection
 * breaks unnoticed, a revocation by another instance takes effect here when the change bus detects the break.
 * @param changeBus the change bus; `up` says whether notifications arrive
 */
export function openRevocationCache(
  store: Pick<RevocationStore, 'list' | 'findMatching'>,
  changeBus: Pick<ChangeBus, 'subscribe'> & { up(): boolean },
): RevocationCache {
  const cache = { isRevoked: indexRevocations([]), count: 0 }
  let reading: Promise<void> | undefined
  // Whether the revocations may have changed since the last read began.
  let isStale = true

  async function read(): Promise<void> {
    try {
      while (isStale) {
        isStale = false
        const revocations = await store.list()
        Object.assign(cache, { isRevoked: indexRevocations(revocations), count: revocations.length })
      }
    } catch (error) {
      isStale = true
      throw error
    } finally {
      // Runs in the same tick as the last check of `isStale`, so that a later caller starts a new read.
      reading = undefined
    }
  }
  const ensureFresh = (): Promise<void> => (reading ??= read())
  const refresh = (): Promise<void> => {
    isStale = true
    return ensureFresh()
  }
  // After a failed read the next `isRevoked` tries again.
  const onChange = () => void refresh().catch(() => undefined)
  const unsubscribe = changeBus.subscribe(REVOCATIONS_TOPIC, onChange)
  onChange()
  return {
    isRevoked(subject) {
      if (!changeBus.up()) return store.findMatching(subject).then((matches) => indexRevocations(matches)(subject))
      return isStale || reading !== undefined
        ? ensureFresh().then(() => cache.isRevoked(subject))
        : cache.isRevoked(subject)
    },
    refresh,
    count: () => cache.count,
    close: unsubscribe,
  }
}
