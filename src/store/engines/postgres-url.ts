import { usesUnixSocket, WEAKER_TLS_MODES } from '../../rules/postgres-url.ts'

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
  else if (WEAKER_TLS_MODES.includes(parameters.get('sslmode') ?? '')) parameters.set('sslmode', 'verify-full')
  return parameters.size === 0 ? base : `${base}?${parameters.toString()}`
}
