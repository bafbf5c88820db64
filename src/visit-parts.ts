import type { Config } from './config.ts'
import { openBackground } from './service/background.ts'
import { knowRevocations } from './service/known-revocations.ts'
import type { NewSecret } from './service/ports.ts'
import type { Store } from './store/open.ts'

/**
 * Opens what consultations need beside the rest.
 * @param onError is told what nobody waits for
 */
export function openVisitParts(
  { ROOM_NAME_KEY }: Config,
  { consultations, revocations, bell }: Store,
  newSecret: NewSecret,
  onError: (error: Error) => void,
) {
  const background = openBackground(onError)
  const revoked = knowRevocations(revocations, bell)
  return {
    parts: {
      consultations,
      revocations,
      revoked,
      bell,
      background,
      newSecret,
      roomNameKey: ROOM_NAME_KEY,
      conferences: undefined,
      mayStillAsk: () => Promise.resolve(false),
    },
    /** Ends once all that is under way is done. */
    async close() {
      await background.settled()
      revoked.close()
    },
  }
}
