/**
 * TLS modes of libpq that verify less than `verify-full` there. The `pg` package treats them as `verify-full`, with a warning of
 * its own.
 */
export const WEAKER_TLS_MODES: readonly string[] = ['prefer', 'require', 'verify-ca']

/**
 * Whether a PostgreSQL URL names a Unix socket: a parameter `host` with the folder of the socket, or the folder
 * percent-encoded in place of the host (libpq, "Connection URIs").
 */
export const usesUnixSocket = (url: string): boolean => {
  const [base = '', query = ''] = url.split(/\?(.*)/s)
  return new URLSearchParams(query).get('host')?.startsWith('/') ?? /^[^/]+:\/\/(?:[^/@]*@)?%2f/i.test(base)
}
