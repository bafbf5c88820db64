import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { NoticeCode, NoticeRequest } from '../../contract/consultations/notice.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { ConsentRequest, DraftKeys } from '../../contract/visit.ts'
import type { Requester } from '../../service/requester.ts'
import type { App } from '../server/app-type.ts'
import { sendProblem } from '../server/problems.ts'
import { requesterOf } from '../server/requester.ts'
import { listProblems } from '../server/route-problems.ts'
import { byScopeOrCookie, ConsultationPath, CONSULTATIONS_PATH } from './consultation-schema.ts'
import type { Hook, VisitorGuards } from './visitor.ts'
import { BY_COOKIE, VISITS_PATH } from './visits.ts'

type Done = Promise<Refusal | undefined>

/** What the routes need: the guards and the use cases. */
export type DuringVisitRoutes = VisitorGuards & {
  /** Authenticates by the cookie. */
  authenticateBrowser: Hook
  /** Authenticates by the cookie, even long after the end of the consultation. */
  authenticateForDrafts: Hook
  readDraftKeys(requester: Requester, id: string): Promise<DraftKeys | Refusal>
  deleteDraftKey(requester: Requester, id: string): Done
  recordConsent(requester: Requester, id: string, consent: ConsentRequest): Done
  notify(requester: Requester, id: string, code: NoticeCode): Done
}

/** Adds the routes that a page uses during a visit: keys of drafts, consent, notices. */
export function addDuringVisit(app: App, routes: DuringVisitRoutes): void {
  addDraftKey(app, routes)
  addConsent(app, routes)
  addNotice(app, routes)
}

function addDraftKey(app: App, routes: DuringVisitRoutes): void {
  const { authenticateForDrafts, limitCaller, readDraftKeys, deleteDraftKey } = routes
  const own = ['consultation-not-found', 'role-not-allowed', 'drafts-off'] as const
  const path = `${VISITS_PATH}/:id/draft-key`
  const preParsing = [authenticateForDrafts, limitCaller]
  const schema = { ...BY_COOKIE, params: ConsultationPath }
  app.get(
    path,
    {
      config: { action: 'draft-key.read', problems: listProblems(['browser'], [...own, 'drafts-closed']) },
      preParsing,
      schema: {
        operationId: 'readDraftKey',
        summary: 'Read the keys that seal the drafts of a moderator',
        description:
          'Requires the cookie of a moderator and the setting DRAFT_KEY. Can be read until DRAFT_KEY_DAYS after the end, unless the key was deleted.',
        ...schema,
        response: { 200: Type.Unsafe<DraftKeys>(Type.Ref('DraftKeys')) },
      },
    },
    async (request, reply) => {
      const keys = await readDraftKeys(requesterOf(request), request.params.id)
      return 'code' in keys ? sendProblem(request, reply, keys) : reply.send(keys)
    },
  )
  app.delete(
    path,
    {
      config: { action: 'draft-key.delete', problems: listProblems(['browser'], own) },
      preParsing,
      schema: {
        operationId: 'deleteDraftKey',
        summary: 'Delete the key of the drafts of a moderator',
        description: 'Requires the cookie of a moderator. What the key sealed cannot be read again.',
        ...schema,
        response: NO_CONTENT,
      },
    },
    async (request, reply) => sendDone(request, reply, await deleteDraftKey(requesterOf(request), request.params.id)),
  )
}

function addConsent(app: App, { authenticateBrowser, limitCaller, recordConsent }: DuringVisitRoutes): void {
  app.post(
    `${VISITS_PATH}/:id/consent`,
    {
      config: { action: 'consent.give', problems: listProblems(['browser', 'body'], ['consultation-not-found']) },
      preParsing: [authenticateBrowser, limitCaller],
      schema: {
        operationId: 'recordConsent',
        summary: 'Record whether the person consents to a text',
        description: 'The decision is in the audit record only.',
        ...BY_COOKIE,
        params: ConsultationPath,
        body: Type.Unsafe<ConsentRequest>(Type.Ref('ConsentRequest')),
        response: NO_CONTENT,
      },
    },
    async (request, reply) =>
      sendDone(request, reply, await recordConsent(requesterOf(request), request.params.id, request.body)),
  )
}

function addNotice(app: App, { authenticateVisitor, limitCaller, notify }: DuringVisitRoutes): void {
  const own = ['consultation-not-found', 'role-not-allowed', 'consultation-ended', 'consultation-cancelled'] as const
  app.post(
    `${CONSULTATIONS_PATH}/:id/notice`,
    {
      config: { action: 'consultation.notify', problems: listProblems(['visitor', 'body'], own) },
      preParsing: [authenticateVisitor('consultations:write', 'consultations:attend'), limitCaller],
      schema: {
        operationId: 'giveNotice',
        summary: 'Give a notice to those who wait',
        description:
          'Requires the scope consultations:write, a signed-in moderator, or the cookie of one. Event streams report it at once.',
        ...byScopeOrCookie('consultations:write'),
        params: ConsultationPath,
        body: Type.Unsafe<NoticeRequest>(Type.Ref('NoticeRequest')),
        response: NO_CONTENT,
      },
    },
    async (request, reply) =>
      sendDone(request, reply, await notify(requesterOf(request), request.params.id, request.body.code)),
  )
}

const NO_CONTENT = { 204: Type.Null({ description: 'Done' }) }

const sendDone = (request: FastifyRequest, reply: FastifyReply, refusal: Refusal | undefined): FastifyReply =>
  refusal === undefined ? reply.code(204).send(null) : sendProblem(request, reply, refusal)
