import { indexRevocations } from '../../rules/revocation.ts'
import type { ChangeBus } from '../consultations/ports.ts'
import type { RevocationStore } from './ports.ts'
import type { RevocationIndex } from '../ports.ts'

/** What the changeBus rings for revocations by: no consultation has this id (the max UUID, RFC 9562, section 5.10). */
export const REVOCATIONS_TOPIC = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/** The revocations that are in force, known without a question to the store. */
export type RevocationCache = RevocationIndex & {
  /** Reads them again. @throws ServiceFault `record-unavailable`; then whoever asks next waits for another try */
  refresh(): Promise<void>
  /** How many there are, as far as is known. */
  count(): number
  close(): void
}

/**
 * Keeps the revocations in memory, and reads them again whenever the changeBus tells of a change, or that one may have been
 * missed. Whoever asks while they are read waits; while rings do not come through, the store is asked for each answer.
 * Where a connection dies unnoticed, a revocation of another instance takes until the changeBus finds out.
 * @param changeBus tells, beside ringing, whether rings come through
 */
export function openRevocationCache(
  store: Pick<RevocationStore, 'list' | 'findMatching'>,
  changeBus: Pick<ChangeBus, 'subscribe'> & { up(): boolean },
): RevocationCache {
  const known = { barsNow: indexRevocations([]), count: 0 }
  let reading: Promise<void> | undefined
  // Whether something changed since the last reading began.
  let stale = true

  async function read(): Promise<void> {
    try {
      while (stale) {
        stale = false
        const all = await store.list()
        Object.assign(known, { barsNow: indexRevocations(all), count: all.length })
      }
    } catch (error) {
      stale = true
      throw error
    } finally {
      // In one step with the last look at `stale`: whoever comes later begins anew.
      reading = undefined
    }
  }
  const upToDate = (): Promise<void> => (reading ??= read())
  const refresh = (): Promise<void> => {
    stale = true
    return upToDate()
  }
  // Where it fails, whoever asks next tries again.
  const heard = () => void refresh().catch(() => undefined)
  const stop = changeBus.subscribe(REVOCATIONS_TOPIC, heard)
  heard()
  return {
    isRevoked(entrant) {
      if (!changeBus.up()) return store.findMatching(entrant).then((found) => indexRevocations(found)(entrant))
      return stale || reading !== undefined ? upToDate().then(() => known.barsNow(entrant)) : known.barsNow(entrant)
    },
    refresh,
    count: () => known.count,
    close: stop,
  }
}
