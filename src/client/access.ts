import type { InvitationAnswer, InvitationList, InvitationRequest, RedeemRequest } from '../contract/invitation.ts'
import type { CreatedRevocation, RevocationPage, RevocationQuery, RevocationRequest } from '../contract/revocation.ts'
import type { TokenAnswer, WaitingAnswer } from '../contract/tokens/token.ts'
import { type SendRequest, type Check, idempotencyHeader, isObject, isOutcome } from './http.ts'

type Options = { signal?: AbortSignal }

/**
 * Invitations for people without an account, revocations, and removal from a meeting. Every method throws
 * TokenServiceError.
 */
export type AccessClient = {
  /**
   * The answer contains the code, and the link if the service knows the URL of its page. No later answer contains
   * either, except to the same request with the same `idempotencyKey`.
   */
  invite(
    consultationId: string,
    request: InvitationRequest,
    options?: Options & { idempotencyKey?: string },
  ): Promise<InvitationAnswer>
  listInvitations(consultationId: string, options?: Options): Promise<InvitationList>
  revokeInvitation(consultationId: string, id: string, options?: Options): Promise<InvitationAnswer>
  /** Replaces the code. The answer contains the new one; the old one is no longer valid. */
  resendInvitation(consultationId: string, id: string, options?: Options): Promise<InvitationAnswer>
  /**
   * Requests a token with the code of an invitation, which is the credential. The service sets a cookie, so that a
   * repeated request in the same browser does not count as another use: the page must be same-site with the service.
   */
  redeemInvitation(redemption: RedeemRequest, options?: Options): Promise<TokenAnswer | WaitingAnswer>
  revoke(request: RevocationRequest, options?: Options): Promise<CreatedRevocation>
  listRevocations(query?: RevocationQuery, options?: Options): Promise<RevocationPage>
  liftRevocation(id: string, options?: Options): Promise<void>
  /** Removes a participant from a running JaaS meeting. @param participantId the id of the occupant in Jitsi */
  kick(consultationId: string, participantId: string, options?: Options): Promise<void>
}

/** Creates the part of the client for invitations, revocations and removal. */
export function accessClient(send: SendRequest): AccessClient {
  const invitations = (consultationId: string) => `/consultations/${consultationId}/invitations`
  return {
    invite: (consultationId, body, { idempotencyKey, signal } = {}) =>
      send(
        invitations(consultationId),
        { method: 'POST', body, headers: idempotencyHeader(idempotencyKey), signal },
        isInvitation,
      ),
    listInvitations: (consultationId, { signal } = {}) =>
      send(invitations(consultationId), { method: 'GET', signal }, isInvitationList),
    revokeInvitation: (consultationId, id, { signal } = {}) =>
      send(`${invitations(consultationId)}/${id}`, { method: 'DELETE', signal }, isInvitation),
    resendInvitation: (consultationId, id, { signal } = {}) =>
      send(`${invitations(consultationId)}/${id}/resend`, { method: 'POST', signal }, isInvitation),
    redeemInvitation: (body, { signal } = {}) =>
      send('/invitations/redeem', { method: 'POST', body, signal }, isOutcome),
    revoke: (body, { signal } = {}) => send('/revocations', { method: 'POST', body, signal }, isRevocation),
    listRevocations: (query = {}, { signal } = {}) =>
      send(`/revocations?${new URLSearchParams(query).toString()}`, { method: 'GET', signal }, isRevocationPage),
    liftRevocation: async (id, { signal } = {}) =>
      void (await send.open(`/revocations/${id}`, { method: 'DELETE', signal })),
    kick: async (consultationId, participantId, { signal } = {}) =>
      void (await send.open(`/consultations/${consultationId}/kick`, {
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
const isRevocation: Check<CreatedRevocation> = (body): body is CreatedRevocation =>
  isObject(body) && typeof body['conference'] === 'string'
const isRevocationPage: Check<RevocationPage> = (body): body is RevocationPage =>
  isObject(body) && Array.isArray(body['revocations'])
