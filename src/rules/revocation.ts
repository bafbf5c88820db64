import {
  DEFAULT_REVOCATION_LIMIT,
  MAX_REVOCATION_LIMIT,
  type RevocationAnswer,
  type RevocationQuery,
  type RevocationRequest,
} from '../contract/revocation.ts'
import { explainTime, parseInstantMs, toIso } from './time.ts'
import type { FieldError, Refusal } from '../contract/problem.ts'
import { createCursorCodec, isId, isTimeMs } from './cursor.ts'
import { type Page, parsePage } from './page.ts'

/** A revocation in force. Without a consultation it applies to all of them, without a user to every user. Times are epoch milliseconds. */
export type Revocation = {
  id: string
  /** The consultation, and its room, which tokens contain. */
  consultation?: { id: string; room: string }
  userId?: string
  /** If set, only tokens issued before this time are not renewed. If absent, no token is renewed or issued. */
  issuedBefore?: number
  createdAt: number
  createdBy: string
}

/** The subject of a token request; for a renewal also when the current token was issued, in epoch milliseconds. */
export type TokenSubject = { room: string; userId: string; issuedAt?: number }

/** Whether a revocation forbids a token or its renewal. */
export function matchesRevocation({ consultation, userId, issuedBefore }: Revocation, subject: TokenSubject): boolean {
  if (consultation !== undefined && consultation.room !== subject.room) return false
  if (userId !== undefined && userId !== subject.userId) return false
  return issuedBefore === undefined || (subject.issuedAt ?? Infinity) < issuedBefore
}

/**
 * Indexes revocations, so that checking a subject takes four lookups regardless of their number.
 * @returns a function that tells whether any of the revocations matches a subject (see `matchesRevocation`)
 */
export function indexRevocations(revocations: Iterable<Pick<Revocation, 'consultation' | 'userId' | 'issuedBefore'>>) {
  // For each room and user, the time before which tokens are revoked: Infinity if new tokens are refused too.
  const until = new Map<string, number>()
  for (const { consultation, userId, issuedBefore = Infinity } of revocations) {
    const key = keyOf(consultation?.room, userId)
    until.set(key, Math.max(until.get(key) ?? -Infinity, issuedBefore))
  }
  // Usually there is no revocation, and every token request is checked.
  if (until.size === 0) return () => false
  return ({ room, userId, issuedAt }: TokenSubject): boolean =>
    [keyOf(), keyOf(room), keyOf(undefined, userId), keyOf(room, userId)].some((key) => {
      const before = until.get(key) ?? -Infinity
      return before === Infinity || (issuedAt ?? Infinity) < before
    })
}

/** @returns the key of a room and user; a room name contains no space, so keys are unambiguous */
const keyOf = (room = '', userId = ''): string => `${room} ${userId}`

/**
 * Parses the `issuedBefore` of a revocation request.
 * @param request a request that fits its schema
 * @param now epoch milliseconds
 * @returns the time in epoch milliseconds, if the request has one; or `invalid-request` for a time that does not exist or
 *   lies in the future
 */
export function parseIssuedBefore(
  { issuedBefore }: RevocationRequest,
  now: number,
): { issuedBefore?: number } | Refusal {
  if (issuedBefore === undefined) return {}
  const ms = parseInstantMs(issuedBefore)
  if (ms <= now) return { issuedBefore: ms }
  const message = Number.isNaN(ms) ? explainTime(issuedBefore) : 'must not be in the future'
  return { code: 'invalid-request', errors: [{ pointer: '/issuedBefore', message }] }
}

/** @returns a revocation as the API shows it */
export const toRevocationAnswer = ({
  id,
  consultation,
  userId,
  issuedBefore,
  createdAt,
}: Revocation): RevocationAnswer => ({
  id,
  ...(consultation === undefined ? {} : { consultationId: consultation.id }),
  ...(userId === undefined ? {} : { userId }),
  ...(issuedBefore === undefined ? {} : { issuedBefore: toIso(issuedBefore) }),
  createdAt: toIso(createdAt),
})

/** The position of a revocation in a list: in order of creation, then of id. */
export type RevocationPosition = Pick<Revocation, 'createdAt' | 'id'>

/** The cursors of the list of revocations. */
export const REVOCATION_CURSORS = createCursorCodec<RevocationPosition>({ createdAt: isTimeMs, id: isId })

const LIMITS = { default: DEFAULT_REVOCATION_LIMIT, max: MAX_REVOCATION_LIMIT }

/**
 * Parses a query for revocations.
 * @param query a query that fits its schema
 * @returns the page, or `invalid-request` with an error for each invalid parameter
 */
export function parseRevocationQuery(query: RevocationQuery): Page<RevocationPosition> | Refusal {
  const errors: FieldError[] = []
  const page = parsePage(query, LIMITS, REVOCATION_CURSORS, errors)
  return errors.length > 0 ? { code: 'invalid-request', errors } : page
}
