import type { Card } from '../../contract/consultations/card.ts'
import { displayName } from '../person.ts'

/**
 * Normalizes a card: texts are trimmed and in Unicode NFC.
 * @param card a card that fits its schema
 * @returns undefined for a card without entries
 */
export function normalizeCard(card: Card | undefined): Card | undefined {
  const entries = Object.entries(card ?? {}).map(([name, text]) => [name, displayName(text)])
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as Card)
}
