import type { TokenAnswer, WaitingAnswer } from '../contract/tokens/token.ts'
import type { ConsentRequest, DraftKeys, Visit, VisitList, VisitTokenRequest } from '../contract/visit.ts'
import { type Check, isObject, isOutcome, type SendRequest } from './http.ts'

type Options = { signal?: AbortSignal }

/**
 * The visits of this browser, which its cookie identifies. For a page: the client needs no `credential`, except for
 * `bindVisit`. Every method throws TokenServiceError.
 */
export type VisitClient = {
  /** Lists the consultations that this browser is bound to; `no-visit` without any. */
  listVisits(options?: Options): Promise<VisitList>
  /** Binds this browser to a consultation of the signed-in user, whose access token is the credential. */
  bindVisit(consultationId: string, options?: Options): Promise<Visit>
  /** Requests a token. @param request `network` is `good` by default */
  enterVisit(
    consultationId: string,
    request?: VisitTokenRequest,
    options?: Options,
  ): Promise<TokenAnswer | WaitingAnswer>
  /** Records whether the person consents to a text. */
  recordConsent(consultationId: string, consent: ConsentRequest, options?: Options): Promise<void>
  /** Reads the keys of the drafts of a moderator. Keep them in memory only. */
  readDraftKeys(consultationId: string, options?: Options): Promise<DraftKeys>
  /** Deletes the key of the drafts: what it sealed cannot be opened again. */
  deleteDraftKey(consultationId: string, options?: Options): Promise<void>
}

/** Creates the part of the client for the visits of a browser. */
export function visitClient(send: SendRequest): VisitClient {
  const pathOf = (consultationId: string, what: string) => `/visits/${consultationId}/${what}`
  return {
    listVisits: ({ signal } = {}) => send('/visits', { method: 'GET', signal }, isVisitList),
    bindVisit: (consultationId, { signal } = {}) =>
      send('/visits', { method: 'POST', body: { consultationId }, signal }, isVisit),
    enterVisit: (id, body = {}, { signal } = {}) =>
      send(pathOf(id, 'token'), { method: 'POST', body, signal }, isOutcome),
    recordConsent: async (id, body, { signal } = {}) =>
      void (await send.open(pathOf(id, 'consent'), { method: 'POST', body, signal })),
    readDraftKeys: (id, { signal } = {}) => send(pathOf(id, 'draft-key'), { method: 'GET', signal }, isDraftKeys),
    deleteDraftKey: async (id, { signal } = {}) =>
      void (await send.open(pathOf(id, 'draft-key'), { method: 'DELETE', signal })),
  }
}

const isVisitList: Check<VisitList> = (body): body is VisitList => isObject(body) && Array.isArray(body['visits'])
const isVisit: Check<Visit> = (body): body is Visit => isObject(body) && typeof body['moderator'] === 'boolean'
const isDraftKeys: Check<DraftKeys> = (body): body is DraftKeys =>
  isObject(body) && typeof body['draftKey'] === 'string'
