import type { AuditEntry } from '../../contract/audit/audit-entry.ts'
import type { Refusal } from '../../contract/problem.ts'
import { fingerprintJson } from '../../rules/canonical-json.ts'
import { type AuditSubject, type RecordDeps, refuseAction } from '../audit/record.ts'
import type { Requester } from '../requester.ts'
import type { ConsultationStore, IdempotentAnswer } from './ports.ts'

/** Identifies a request that may be repeated: its caller, its Idempotency-Key and a fingerprint of its body. */
export type IdempotentRequest = Pick<IdempotentAnswer, 'caller' | 'key' | 'fingerprint'>

/** What a request created, or had created before. */
export type Created<T> = { answer: T; isReplay: boolean }

/** A request that lost a race against another request with the same Idempotency-Key. */
export const KEY_REUSED: Refusal = { code: 'idempotency-key-reused' }

/**
 * Identifies a request by its Idempotency-Key.
 * @param body the body of the request
 * @param key undefined if the request has no Idempotency-Key
 */
export const identifyRequest = (
  { caller }: Requester,
  body: unknown,
  key: string | undefined,
): IdempotentRequest | undefined =>
  key === undefined
    ? undefined
    : {
        // An issuer has many users, each with keys of their own.
        caller: caller.user === undefined ? caller.id : `${caller.id} ${caller.user.id}`,
        key,
        fingerprint: fingerprintJson(body),
      }

export type FindReplayDeps = RecordDeps & { consultations: Pick<ConsultationStore, 'findAnswer'> }

/**
 * Finds the stored answer to a repeated request.
 * @returns the answer as it was stored; `idempotency-key-reused` if the key belongs to another body; undefined if the request
 *   is new
 * @throws ServiceFault `record-unavailable`
 */
export async function findReplay(
  deps: FindReplayDeps,
  requester: Requester,
  action: AuditEntry['action'],
  request: IdempotentRequest | undefined,
  subject: AuditSubject = {},
): Promise<{ stored: string } | Refusal | undefined> {
  const found = request === undefined ? undefined : await deps.consultations.findAnswer(request.caller, request.key)
  if (found === undefined) return undefined
  if (found.fingerprint !== request?.fingerprint) return refuseAction(deps, requester, action, KEY_REUSED, subject)
  return { stored: found.answer }
}
