import type {
  ConsultationAnswer,
  ConsultationPage,
  ConsultationQuery,
} from '../contract/consultations/consultation-answer.ts'
import type { ConsultationChange, ConsultationRequest } from '../contract/consultations/consultation.ts'
import type { NoticeCode } from '../contract/consultations/notice.ts'
import type { WaitingList } from '../contract/consultations/waiting-room.ts'
import { type SendRequest, type Check, idempotencyHeader, isObject, type RequestOptions } from './http.ts'
import { type ConsultationEvent, type EventOptions, streamEvents } from './events.ts'

type Options = { signal?: AbortSignal }

/** Consultations. Every method throws TokenServiceError. */
export type ConsultationClient = {
  /** @param options `idempotencyKey` identifies the request: sent again, it returns the same answer */
  createConsultation(
    request: ConsultationRequest,
    options?: Options & { idempotencyKey?: string },
  ): Promise<ConsultationAnswer>
  readConsultation(id: string, options?: Options): Promise<ConsultationAnswer>
  listConsultations(query?: ConsultationQuery, options?: Options): Promise<ConsultationPage>
  /** @param version the version that was read; `version-conflict` means that the consultation has changed since */
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
  /** Gives a notice to those who wait. */
  giveNotice(id: string, code: NoticeCode, options?: Options): Promise<void>
  /**
   * Yields events until the consultation is over, the caller is removed, or the signal aborts. Connects again when the
   * connection ends before or breaks; the first event of each connection is the current state.
   */
  events(id: string, options?: EventOptions): AsyncGenerator<ConsultationEvent>
  /** Reads the appointment as iCalendar text. */
  calendar(id: string, options?: Options): Promise<string>
}

/** Creates the part of the client for consultations. */
export function consultationClient(send: SendRequest): ConsultationClient {
  const sendOne = (path: string, options: RequestOptions) => send(`/consultations/${path}`, options, isConsultation)
  return {
    createConsultation: (request, { idempotencyKey, signal } = {}) => {
      const headers = idempotencyHeader(idempotencyKey)
      return send('/consultations', { method: 'POST', body: request, headers, signal }, isConsultation)
    },
    readConsultation: (id, { signal } = {}) => sendOne(id, { method: 'GET', signal }),
    listConsultations: (query = {}, { signal } = {}) =>
      send(`/consultations?${new URLSearchParams(query).toString()}`, { method: 'GET', signal }, isPage),
    changeConsultation: (id, version, change, { signal } = {}) =>
      sendOne(id, { method: 'PATCH', body: change, headers: { 'if-match': `"${version}"` }, signal }),
    endConsultation: (id, { signal } = {}) => sendOne(`${id}/end`, { method: 'POST', signal }),
    cancelConsultation: (id, { signal } = {}) => sendOne(`${id}/cancel`, { method: 'POST', signal }),
    listWaiting: (id, { signal } = {}) =>
      send(`/consultations/${id}/waiting`, { method: 'GET', signal }, isWaitingList),
    admit: (id, userId, { signal } = {}) => sendOne(`${id}/admit`, { method: 'POST', body: { userId }, signal }),
    giveNotice: async (id, code, { signal } = {}) =>
      void (await send.open(`/consultations/${id}/notice`, { method: 'POST', body: { code }, signal })),
    events: (id, options = {}) => streamEvents(send, id, options),
    calendar: async (id, { signal } = {}) =>
      (await send.open(`/consultations/${id}/calendar.ics`, { method: 'GET', signal })).text(),
  }
}

const isConsultation: Check<ConsultationAnswer> = (body): body is ConsultationAnswer =>
  isObject(body) && typeof body['roomId'] === 'string'
const isPage: Check<ConsultationPage> = (body): body is ConsultationPage =>
  isObject(body) && Array.isArray(body['consultations'])
const isWaitingList: Check<WaitingList> = (body): body is WaitingList =>
  isObject(body) && Array.isArray(body['waiting'])
