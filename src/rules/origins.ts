/** A page that a developer serves on the own machine: over http or https, on any port. */
const LOCAL = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/

/**
 * Creates the check of the origins whose pages may call the API, also with the cookie of a browser.
 * @param listed origins as a browser sends them in `Origin` (RFC 6454, section 6.2)
 * @param allowsLocal whether pages on the own machine may too, for development
 */
export function createOriginCheck(listed: readonly string[], allowsLocal: boolean): (origin: string) => boolean {
  const origins = new Set(listed)
  return (origin) => origins.has(origin) || (allowsLocal && LOCAL.test(origin))
}
