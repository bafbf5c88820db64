import type { Config } from '../config/config.ts'
import type { ReloadableKeys } from '../reload/key-reload.ts'
import { createJaasConferences } from '../jaas/conferences.ts'
import { limitsOf } from './limits.ts'
import type { Consultation, Participant } from '../rules/consultations/consultation.ts'
import type { FinishConsultationDeps } from '../service/consultations/finish.ts'
import type { CreateConsultationDeps } from '../service/consultations/create.ts'
import { findInvitationCaller, SESSION_GRACE_MS } from '../service/invitations/sessions.ts'
import type { CreateInvitationDeps } from '../service/invitations/create.ts'
import type { RedeemInvitationDeps } from '../service/invitations/redeem.ts'
import type { RenewTokenDeps } from '../service/tokens/renew-token.ts'
import type { RevokeDeps } from '../service/revocations/revocations.ts'
import type { AdmitParticipantDeps } from '../service/consultations/waiting-room.ts'
import type { VisitDeps } from '../service/visits/visits.ts'
import { DAY_MS } from '../rules/time.ts'
import { createBackground } from '../service/background.ts'
import { openRevocationCache } from '../service/revocations/cache.ts'
import type { NewSecret } from '../service/ports.ts'
import type { Conferences } from '../service/consultations/ports.ts'
import type { Store } from '../store/open.ts'

/** The dependencies of the use cases of consultations, invitations and revocations. */
export type ConsultationDeps = CreateConsultationDeps &
  FinishConsultationDeps &
  AdmitParticipantDeps &
  CreateInvitationDeps &
  RedeemInvitationDeps &
  VisitDeps &
  RenewTokenDeps &
  RevokeDeps

/**
 * Opens the dependencies of consultations, invitations and revocations.
 * @param onError called with the error of work in the background, which no request waits for
 */
export function composeConsultations(
  config: Config,
  { consultations, invitations, revocations, changeBus }: Store,
  keys: ReloadableKeys,
  newSecret: NewSecret,
  onError: (error: Error) => void,
) {
  const background = createBackground(onError)
  const revoked = openRevocationCache(revocations, changeBus)
  return {
    deps: {
      consultations,
      invitations,
      revocations,
      revoked,
      changeBus,
      background,
      newSecret,
      roomNameKey: config.ROOM_NAME_KEY,
      publicUrl: config.PUBLIC_URL,
      waitingTimeoutMs: config.WAITING_TIMEOUT_SECONDS * 1000,
      ...draftsOf(config),
      mayMove: config.INVITATION_MOVES === 'on',
      limits: limitsOf(config),
      conferences: conferencesOf(config, keys),
      mayStillRequest: async (via: string, { id }: Consultation, { role }: Participant) =>
        (await findInvitationCaller({ invitations }, id, via))?.roles.has(role) ?? false,
    },
    watched: { changeBusUp: changeBus.up, revocations: revoked.count },
    /** Resolves once the work in the background is done. */
    async close() {
      await background.waitUntilIdle()
      revoked.close()
    },
  }
}

/** The keys of drafts, and how long the cookie of a browser lives: as long as it is good for anything. */
function draftsOf({ DRAFT_KEY: key, DRAFT_KEY_DAYS: days }: Config) {
  const keepMs = days * DAY_MS
  return key === undefined
    ? { drafts: undefined, cookieGraceMs: SESSION_GRACE_MS }
    : { drafts: { key, keepMs }, cookieGraceMs: Math.max(SESSION_GRACE_MS, keepMs) }
}

/** @returns undefined unless JAAS_MANAGEMENT is on and the deployment is JaaS */
const conferencesOf = (config: Config, { createAdminToken }: ReloadableKeys): Conferences | undefined =>
  config.JAAS_MANAGEMENT === 'off' || createAdminToken === undefined
    ? undefined
    : createJaasConferences({ origin: config.JAAS_MANAGEMENT_URL, appId: config.JAAS_APP_ID, createAdminToken })
