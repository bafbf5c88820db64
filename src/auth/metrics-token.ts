import { timingSafeEqual } from 'node:crypto'

/**
 * Makes the check of a single token that a scraper presents.
 * @param token what has to stand behind `Bearer`; undefined where everybody may come
 * @returns whether what a header holds will do; the time it takes tells nothing of the token but its length
 */
export function createBearerCheck(token: string | undefined): (header: string | undefined) => boolean {
  if (token === undefined) return () => true
  const expected = Buffer.from(`Bearer ${token}`)
  return (header = '') => {
    const given = Buffer.from(header)
    return given.length === expected.length && timingSafeEqual(given, expected)
  }
}
