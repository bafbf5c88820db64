import { usesUnixSocket } from '../../rules/unix-socket.ts'

/** TLS modes that the `pg` package treats as `verify-full`, with a warning of its own. */
const FULL_MODES = new Set(['prefer', 'require', 'verify-ca'])

/**
 * Translates the URL of a database for the `pg` package, which differs from libpq in two points: it asks for TLS on a Unix
 * socket, where libpq ignores `sslmode`; and it prints a warning for the modes that it treats as `verify-full`.
 * @param url `postgres://…`, as `DATABASE_URL` accepts it
 * @returns the connection string of `pg`
 */
export function connectionStringOf(url: string): string {
  const [base = '', query = ''] = url.split(/\?(.*)/s)
  const parameters = new URLSearchParams(query)
  if (usesUnixSocket(url)) for (const name of ['sslmode', 'sslrootcert']) parameters.delete(name)
  else if (FULL_MODES.has(parameters.get('sslmode') ?? '')) parameters.set('sslmode', 'verify-full')
  return parameters.size === 0 ? base : `${base}?${parameters.toString()}`
}
