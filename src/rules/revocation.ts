import {
  DEFAULT_REVOCATION_LIMIT,
  MAX_REVOCATION_LIMIT,
  type RevocationAnswer,
  type RevocationQuery,
  type RevocationRequest,
} from '../contract/revocation.ts'
import { parseInstantMs, toIso } from './time.ts'
import type { FieldError, Refusal } from '../contract/problem.ts'
import { createCursorCodec, isId, isTimeMs } from './cursor.ts'
import { type Page, parsePage } from './page.ts'

/** A revocation in force. Times are epoch milliseconds. Without a consultation and a user it names everybody. */
export type Revocation = {
  id: string
  /** The consultation, and its room, by which every token is known. */
  consultation?: { id: string; room: string }
  userId?: string
  /** Tokens from before are not renewed, and new ones may be had; without it, neither. */
  issuedBefore?: number
  createdAt: number
  createdBy: string
}

/** Who asks for a token, and for a renewal when the token to be renewed was issued, in epoch milliseconds. */
export type TokenSubject = { room: string; userId: string; issuedAt?: number }

/** Whether a revocation stands against a token, or its renewal. */
export function matchesRevocation({ consultation, userId, issuedBefore }: Revocation, entrant: TokenSubject): boolean {
  if (consultation !== undefined && consultation.room !== entrant.room) return false
  if (userId !== undefined && userId !== entrant.userId) return false
  return issuedBefore === undefined || (entrant.issuedAt ?? Infinity) < issuedBefore
}

/** Says of many revocations at once what `bars` says of each, in four looks however many there are. */
export function indexRevocations(revocations: Iterable<Pick<Revocation, 'consultation' | 'userId' | 'issuedBefore'>>) {
  // For each room and user the latest time before which tokens are barred: Infinity where new ones are too.
  const until = new Map<string, number>()
  for (const { consultation, userId, issuedBefore = Infinity } of revocations) {
    const key = keyOf(consultation?.room, userId)
    until.set(key, Math.max(until.get(key) ?? -Infinity, issuedBefore))
  }
  // Most of the time there are none, and every token is asked about.
  if (until.size === 0) return () => false
  return ({ room, userId, issuedAt }: TokenSubject): boolean =>
    [keyOf(), keyOf(room), keyOf(undefined, userId), keyOf(room, userId)].some((key) => {
      const before = until.get(key) ?? -Infinity
      return before === Infinity || (issuedAt ?? Infinity) < before
    })
}

/** No room has a blank in its name. */
const keyOf = (room = '', userId = ''): string => `${room} ${userId}`

/**
 * What a request revokes.
 * @param request one whose shape was checked
 * @param now epoch milliseconds
 * @returns when, where it says so, or `invalid-request` for a time that is none or in the future
 */
export function parseIssuedBefore(
  { issuedBefore }: RevocationRequest,
  now: number,
): { issuedBefore?: number } | Refusal {
  if (issuedBefore === undefined) return {}
  const ms = parseInstantMs(issuedBefore)
  if (ms <= now) return { issuedBefore: ms }
  const message = Number.isNaN(ms) ? 'must be a time of the calendar' : 'must not be in the future'
  return { code: 'invalid-request', errors: [{ pointer: '/issuedBefore', message }] }
}

/** A revocation as it is told. */
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
