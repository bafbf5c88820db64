import type { Config } from './config.ts'
import type { FollowedKeys } from './key-source.ts'
import { jaasConferences } from './jaas/conferences.ts'
import { openBackground } from './service/background.ts'
import { knowRevocations } from './service/known-revocations.ts'
import type { Conferences, NewSecret } from './service/ports.ts'
import type { Store } from './store/open.ts'

/**
 * Opens what consultations need beside the rest.
 * @param onError is told what nobody waits for
 */
export function openVisitParts(
  config: Config,
  { consultations, revocations, bell }: Store,
  keys: FollowedKeys,
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
      roomNameKey: config.ROOM_NAME_KEY,
      conferences: conferencesOf(config, keys),
      mayStillAsk: () => Promise.resolve(false),
    },
    watched: { bellUp: bell.up, revocations: revoked.count },
    /** Ends once all that is under way is done. */
    async close() {
      await background.settled()
      revoked.close()
    },
  }
}

/** Undefined where the settings do not let us, or the deployment has no such endpoints. */
const conferencesOf = (config: Config, { administer }: FollowedKeys): Conferences | undefined =>
  config.JAAS_MANAGEMENT === 'off' || administer === undefined
    ? undefined
    : jaasConferences({ origin: config.JAAS_MANAGEMENT_URL, appId: config.JAAS_APP_ID, administer })
