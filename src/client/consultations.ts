import type {
  ConsultationAnswer,
  ConsultationPage,
  ConsultationQuery,
} from '../contract/consultations/consultation-answer.ts'
import type { ConsultationChange, ConsultationRequest } from '../contract/consultations/consultation.ts'
import type { WaitingList } from '../contract/consultations/waiting-room.ts'
import { type SendRequest, type Check, isObject, type RequestOptions } from './http.ts'
import { type ConsultationEvent, streamEvents } from './events.ts'

type Options = { signal?: AbortSignal }

/** Deals with consultations. Every method throws TokenServiceError. */
export type ConsultationClient = {
  /** @param options `idempotencyKey` names the request, so that it may be sent again: the answer is the same */
  createConsultation(
    request: ConsultationRequest,
    options?: Options & { idempotencyKey?: string },
  ): Promise<ConsultationAnswer>
  readConsultation(id: string, options?: Options): Promise<ConsultationAnswer>
  listConsultations(query?: ConsultationQuery, options?: Options): Promise<ConsultationPage>
  /** @param version the one that was read; `version-conflict` tells that another was faster */
  changeConsultation(
    id: string,
    version: number,
    change: ConsultationChange,
    options?: Options,
  ): Promise<ConsultationAnswer>
  endConsultation(id: string, options?: Options): Promise<ConsultationAnswer>
  cancelConsultation(id: string, options?: Options): Promise<ConsultationAnswer>
  listWaiting(id: string, options?: Options): Promise<WaitingList>
  admit(id: string, userId: string, options?: Options): Promise<ConsultationAnswer>
  /** Listens until the consultation is over, the signal fires or the connection ends; then listen again. */
  events(id: string, options?: Options): AsyncGenerator<ConsultationEvent>
  /** The appointment as iCalendar. */
  calendar(id: string, options?: Options): Promise<string>
}

/** The part of a client that deals with consultations. */
export function consultationClient(ask: SendRequest): ConsultationClient {
  const one = (path: string, sent: RequestOptions) => ask(`/consultations/${path}`, sent, isConsultation)
  return {
    createConsultation: (request, { idempotencyKey, signal } = {}) => {
      const headers: Record<string, string> = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }
      return ask('/consultations', { method: 'POST', body: request, headers, signal }, isConsultation)
    },
    readConsultation: (id, { signal } = {}) => one(id, { method: 'GET', signal }),
    listConsultations: (query = {}, { signal } = {}) =>
      ask(`/consultations?${new URLSearchParams(query).toString()}`, { method: 'GET', signal }, isPage),
    changeConsultation: (id, version, change, { signal } = {}) =>
      one(id, { method: 'PATCH', body: change, headers: { 'if-match': `"${version}"` }, signal }),
    endConsultation: (id, { signal } = {}) => one(`${id}/end`, { method: 'POST', signal }),
    cancelConsultation: (id, { signal } = {}) => one(`${id}/cancel`, { method: 'POST', signal }),
    listWaiting: (id, { signal } = {}) => ask(`/consultations/${id}/waiting`, { method: 'GET', signal }, isWaitingList),
    admit: (id, userId, { signal } = {}) => one(`${id}/admit`, { method: 'POST', body: { userId }, signal }),
    events: (id, { signal } = {}) => streamEvents(ask, id, signal),
    calendar: async (id, { signal } = {}) =>
      (await ask.open(`/consultations/${id}/calendar.ics`, { method: 'GET', signal })).text(),
  }
}

const isConsultation: Check<ConsultationAnswer> = (body): body is ConsultationAnswer =>
  isObject(body) && typeof body['roomId'] === 'string'
const isPage: Check<ConsultationPage> = (body): body is ConsultationPage =>
  isObject(body) && Array.isArray(body['consultations'])
const isWaitingList: Check<WaitingList> = (body): body is WaitingList =>
  isObject(body) && Array.isArray(body['waiting'])
