import { barring } from '../../rules/revocation.ts'
import type { Bell } from '../consultations/ports.ts'
import type { RevocationStore } from './ports.ts'
import type { Revoked } from '../ports.ts'

/** What the bell rings for revocations by: no consultation has this id (the max UUID, RFC 9562, section 5.10). */
export const REVOCATIONS_TOPIC = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/** The revocations that are in force, known without a question to the store. */
export type KnownRevocations = Revoked & {
  /** Reads them again. @throws ServiceFault `record-unavailable`; then whoever asks next waits for another try */
  refresh(): Promise<void>
  /** How many there are, as far as is known. */
  count(): number
  close(): void
}

/**
 * Keeps the revocations in memory, and reads them again whenever the bell tells of a change, or that one may have been
 * missed. Whoever asks while they are read waits; while rings do not come through, the store is asked for each answer.
 * Where a connection dies unnoticed, a revocation of another instance takes until the bell finds out.
 * @param bell tells, beside ringing, whether rings come through
 */
export function knowRevocations(
  store: Pick<RevocationStore, 'all' | 'naming'>,
  bell: Pick<Bell, 'listen'> & { up(): boolean },
): KnownRevocations {
  const known = { barsNow: barring([]), count: 0 }
  let reading: Promise<void> | undefined
  // Whether something changed since the last reading began.
  let stale = true

  async function read(): Promise<void> {
    try {
      while (stale) {
        stale = false
        const all = await store.all()
        Object.assign(known, { barsNow: barring(all), count: all.length })
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
  const stop = bell.listen(REVOCATIONS_TOPIC, heard)
  heard()
  return {
    bars(entrant) {
      if (!bell.up()) return store.naming(entrant).then((found) => barring(found)(entrant))
      return stale || reading !== undefined ? upToDate().then(() => known.barsNow(entrant)) : known.barsNow(entrant)
    },
    refresh,
    count: () => known.count,
    close: stop,
  }
}
