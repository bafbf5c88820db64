import type { InvitationAnswer, InvitationList, InvitationRequest, Redemption } from '../contract/invitation.ts'
import type { RevocationMade, RevocationPage, RevocationQuery, RevocationRequest } from '../contract/revocation.ts'
import type { TokenAnswer, WaitingAnswer } from '../contract/tokens/token.ts'
import { type SendRequest, type Check, isObject, isOutcome } from './http.ts'

type Options = { signal?: AbortSignal }

/** Lets people in who have no account, and puts people out. Every method throws TokenServiceError. */
export type VisitorClient = {
  /** The answer tells the code, and the link where the service knows its page; neither is told again. */
  invite(consultationId: string, request: InvitationRequest, options?: Options): Promise<InvitationAnswer>
  listInvitations(consultationId: string, options?: Options): Promise<InvitationList>
  revokeInvitation(consultationId: string, id: string, options?: Options): Promise<InvitationAnswer>
  /** Gives it another code, told once; the one before is dead. */
  resendInvitation(consultationId: string, id: string, options?: Options): Promise<InvitationAnswer>
  /**
   * Enters by an invitation; no credential is needed. The browser keeps a cookie, so that asking again uses nothing up: the
   * page has to be of the same site as the service.
   */
  redeemInvitation(redemption: Redemption, options?: Options): Promise<TokenAnswer | WaitingAnswer>
  revoke(request: RevocationRequest, options?: Options): Promise<RevocationMade>
  listRevocations(query?: RevocationQuery, options?: Options): Promise<RevocationPage>
  liftRevocation(id: string, options?: Options): Promise<void>
  /** Kicks somebody out of a running meeting of JaaS. @param participantId Jitsi's id of the occupant */
  kick(consultationId: string, participantId: string, options?: Options): Promise<void>
}

/** The part of a client that lets people in and out. */
export function visitorClient(ask: SendRequest): VisitorClient {
  const invitations = (consultationId: string) => `/consultations/${consultationId}/invitations`
  return {
    invite: (consultationId, body, { signal } = {}) =>
      ask(invitations(consultationId), { method: 'POST', body, signal }, isInvitation),
    listInvitations: (consultationId, { signal } = {}) =>
      ask(invitations(consultationId), { method: 'GET', signal }, isInvitationList),
    revokeInvitation: (consultationId, id, { signal } = {}) =>
      ask(`${invitations(consultationId)}/${id}`, { method: 'DELETE', signal }, isInvitation),
    resendInvitation: (consultationId, id, { signal } = {}) =>
      ask(`${invitations(consultationId)}/${id}/resend`, { method: 'POST', signal }, isInvitation),
    redeemInvitation: (body, { signal } = {}) =>
      ask('/invitations/redeem', { method: 'POST', body, signal }, isOutcome),
    revoke: (body, { signal } = {}) => ask('/revocations', { method: 'POST', body, signal }, isRevocation),
    listRevocations: (query = {}, { signal } = {}) =>
      ask(`/revocations?${new URLSearchParams(query).toString()}`, { method: 'GET', signal }, isRevocationPage),
    liftRevocation: async (id, { signal } = {}) =>
      void (await ask.open(`/revocations/${id}`, { method: 'DELETE', signal })),
    kick: async (consultationId, participantId, { signal } = {}) =>
      void (await ask.open(`/consultations/${consultationId}/kick`, {
        method: 'POST',
        body: { participantId },
        signal,
      })),
  }
}

const isInvitation: Check<InvitationAnswer> = (body): body is InvitationAnswer =>
  isObject(body) && typeof body['uses'] === 'number'
const isInvitationList: Check<InvitationList> = (body): body is InvitationList =>
  isObject(body) && Array.isArray(body['invitations'])
const isRevocation: Check<RevocationMade> = (body): body is RevocationMade =>
  isObject(body) && typeof body['conference'] === 'string'
const isRevocationPage: Check<RevocationPage> = (body): body is RevocationPage =>
  isObject(body) && Array.isArray(body['revocations'])
