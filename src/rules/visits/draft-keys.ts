import { hkdfSync } from 'node:crypto'
import type { DraftKeys } from '../../contract/visit.ts'
import { type Consultation, finishedAt } from '../consultations/consultation.ts'
import type { Window } from '../policy/window.ts'

const KEY_BYTES = 32

/**
 * Derives the keys with which a page seals what it stores on a device (HKDF-SHA256, RFC 5869, without salt: the secret is
 * uniformly random). The same person gets the same keys again; another person or consultation gets other ones.
 * @param secret the setting `DRAFT_KEY`, at least 256 bits
 */
export const deriveDraftKeys = (secret: string, consultationId: string, userId: string): DraftKeys => ({
  draftKey: derive(secret, `draft\n${consultationId}\n${userId}`),
  letterheadKey: derive(secret, `letterhead\n${userId}`),
})

const derive = (secret: string, info: string): string =>
  Buffer.from(hkdfSync('sha256', secret, '', info, KEY_BYTES)).toString('base64url')

/**
 * Whether the keys of the drafts of a consultation can still be read.
 * @param keepMs how long after the end, in milliseconds
 * @param now epoch milliseconds
 */
export function areDraftsOpen(
  consultation: Consultation,
  userId: string,
  window: Window,
  keepMs: number,
  now: number,
): boolean {
  const participant = consultation.participants.find((each) => each.userId === userId)
  return participant?.draftsDeletedAt === undefined && now < finishedAt(consultation, window) + keepMs
}
