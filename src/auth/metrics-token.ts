import { timingSafeEqual } from 'node:crypto'

/**
 * Creates the check of the bearer token that a metrics scraper presents.
 * @param token the expected token; undefined if metrics need none
 * @returns a function that checks a header value for `Bearer` and the token; its duration reveals only the token's length
 */
export function createBearerCheck(token: string | undefined): (header: string | undefined) => boolean {
  if (token === undefined) return () => true
  const expected = Buffer.from(`Bearer ${token}`)
  return (header = '') => {
    const presented = Buffer.from(header)
    return presented.length === expected.length && timingSafeEqual(presented, expected)
  }
}
