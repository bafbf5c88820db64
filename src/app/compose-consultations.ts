import type { Config } from '../config/config.ts'
import type { FollowedKeys } from '../reload/key-reload.ts'
import { jaasConferences } from '../jaas/conferences.ts'
import type { Consultation, Participant } from '../rules/consultations/consultation.ts'
import type { FinishingParts } from '../service/consultations/consultations.ts'
import type { CreatingParts } from '../service/consultations/create.ts'
import { callerByInvitation } from '../service/invitations/sessions.ts'
import type { InvitingParts } from '../service/invitations/invitations.ts'
import type { RedeemingParts } from '../service/invitations/redeem.ts'
import type { RenewingParts } from '../service/tokens/renew-token.ts'
import type { RevokingParts } from '../service/revocations/revocations.ts'
import type { AdmissionParts } from '../service/consultations/waiting-room.ts'
import { openBackground } from '../service/background.ts'
import { knowRevocations } from '../service/revocations/cache.ts'
import type { Conferences, NewSecret } from '../service/ports.ts'
import type { Store } from '../store/open.ts'

/** The parts of consultations. */
export type VisitParts = CreatingParts &
  FinishingParts &
  AdmissionParts &
  InvitingParts &
  RedeemingParts &
  RenewingParts &
  RevokingParts

/**
 * Opens what consultations need beside the rest.
 * @param onError is told what nobody waits for
 */
export function openVisitParts(
  config: Config,
  { consultations, invitations, revocations, bell }: Store,
  keys: FollowedKeys,
  newSecret: NewSecret,
  onError: (error: Error) => void,
) {
  const background = openBackground(onError)
  const revoked = knowRevocations(revocations, bell)
  return {
    parts: {
      consultations,
      invitations,
      revocations,
      revoked,
      bell,
      background,
      newSecret,
      roomNameKey: config.ROOM_NAME_KEY,
      publicUrl: config.PUBLIC_URL,
      limits: limitsOf(config),
      conferences: conferencesOf(config, keys),
      mayStillAsk: async (via: string, { id }: Consultation, { role }: Participant) =>
        (await callerByInvitation({ invitations }, id, via))?.roles.has(role) ?? false,
    },
    watched: { bellUp: bell.up, revocations: revoked.count },
    /** Ends once all that is under way is done. */
    async close() {
      await background.settled()
      revoked.close()
    },
  }
}

/** What may be had a minute, where the service counts it. */
const limitsOf = (config: Config): RedeemingParts['limits'] => ({
  perUser: config.RATE_LIMIT_PER_USER,
  perRoom: config.RATE_LIMIT_PER_ROOM,
  perInvitation: config.RATE_LIMIT_PER_INVITATION,
  failedPerMinute: config.RATE_LIMIT_FAILED_LOGINS,
})

/** Undefined where the settings do not let us, or the deployment has no such endpoints. */
const conferencesOf = (config: Config, { administer }: FollowedKeys): Conferences | undefined =>
  config.JAAS_MANAGEMENT === 'off' || administer === undefined
    ? undefined
    : jaasConferences({ origin: config.JAAS_MANAGEMENT_URL, appId: config.JAAS_APP_ID, administer })
