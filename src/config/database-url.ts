import { usesUnixSocket, WEAKER_TLS_MODES } from '../rules/postgres-url.ts'
import { formatted } from './readers.ts'

/** TLS modes of a PostgreSQL URL: those of libpq, and `no-verify` of the `pg` package. */
const TLS_MODES = ['disable', ...WEAKER_TLS_MODES, 'verify-full', 'no-verify']

/** A host is opaque in URLs of this scheme; `postgres://user@/database` has none, which `URL` refuses. */
const parsePostgresUrl = (value: string): URL | null => URL.parse(value.replace('@/', '@localhost/'))

function isDatabaseUrl(value: string): boolean {
  if (/^sqlite:[^:?#]+$/.test(value)) return true
  const url = parsePostgresUrl(value)
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol) || url.pathname.length <= 1) return false
  const { searchParams } = url
  const [folder, tlsMode] = [searchParams.get('host'), searchParams.get('sslmode')]
  const hasHost = folder === null ? url.hostname !== '' && !value.includes('@/') : folder !== ''
  return hasHost && (tlsMode === null || TLS_MODES.includes(tlsMode))
}

/**
 * Where the database is: SQLite, or PostgreSQL over TCP or a Unix socket. The forms are those of libpq
 * (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS).
 */
export const databaseUrl = formatted(
  'database-url',
  isDatabaseUrl,
  'sqlite:<path>, postgres://<user>@<host>/<database>, or postgres://<user>@/<database>?host=/<folder> for a Unix socket; ' +
    `an sslmode is one of ${TLS_MODES.join(', ')}`,
)

/** @returns warnings about the TLS mode of a valid database URL; they contain no other part of it */
export function warnOfTlsMode(url: string): string[] {
  const mode =
    url.startsWith('sqlite:') || usesUnixSocket(url) ? null : parsePostgresUrl(url)?.searchParams.get('sslmode')
  if (mode === 'no-verify')
    return ['DATABASE_URL: sslmode=no-verify does not verify the certificate of the server; set sslmode=verify-full.']
  if (typeof mode !== 'string' || !WEAKER_TLS_MODES.includes(mode)) return []
  const noFallback = mode === 'prefer' ? ' never falls back to an unencrypted connection and' : ''
  return [
    `DATABASE_URL: sslmode=${mode}${noFallback} verifies the certificate of the server, as verify-full does; set sslmode=verify-full, and sslrootcert if the certificate is from a private authority.`,
  ]
}
