import type { Config } from './config.ts'
import type { ConsultationParts } from './service/consultations.ts'
import type { CreatingParts } from './service/create-consultation.ts'
import type { InvitingParts } from './service/invitations.ts'
import type { RedeemingParts } from './service/redeem-invitation.ts'
import type { AdmissionParts } from './service/waiting-room.ts'
import type { Store } from './store/open.ts'

/** The parts of consultations. */
export type VisitParts = CreatingParts & ConsultationParts & AdmissionParts & InvitingParts & RedeemingParts

/** What consultations need beside the rest, and how much may be asked for. */
export const forVisits = (config: Config, { consultations, invitations, bell }: Store) => ({
  consultations,
  invitations,
  bell,
  roomNameKey: config.ROOM_NAME_KEY,
  publicUrl: config.PUBLIC_URL,
  limits: limitsOf(config),
})

/** What may be had a minute, where the service counts it. */
const limitsOf = (config: Config): RedeemingParts['limits'] => ({
  perUser: config.RATE_LIMIT_PER_USER,
  perRoom: config.RATE_LIMIT_PER_ROOM,
  perInvitation: config.RATE_LIMIT_PER_INVITATION,
  failedPerMinute: config.RATE_LIMIT_FAILED_LOGINS,
})
