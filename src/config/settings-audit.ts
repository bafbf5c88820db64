import { hostname } from 'node:os'
import { databaseUrl, MAC_KEY, macKey, matching, oneOf, optional, setting, wholeNumber } from './setting.ts'

/** Where the record is, what it keeps, and how long. */
export const AUDIT_SETTINGS = {
  DATABASE_URL: {
    ...setting(
      'sqlite:data/service.db',
      'sqlite:data/service.db',
      databaseUrl,
      'sqlite:<path> or postgres://<user>@<host>/<database>',
      'Where the record is kept: one file, or PostgreSQL where several replicas run (of TLS speak `sslmode` and `sslrootcert`).',
    ),
    secret: true as const,
  },
  AUDIT_WRITER: setting(
    hostname(),
    'the host name',
    matching(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/),
    '1 to 128 characters of A-Z, a-z, 0-9 and . _ @ -',
    'Whose chain of entries this is; replicas need names of their own.',
  ),
  AUDIT_CHECKPOINT_MINUTES: setting(
    10,
    '10',
    wholeNumber(1, 1440),
    'a whole number from 1 to 1440',
    'How often the ends of the chains of entries are signed; also at every stop.',
  ),
  AUDIT_CHECKPOINT_ENTRIES: setting(
    10_000,
    '10000',
    wholeNumber(100, 1_000_000),
    'a whole number from 100 to 1000000',
    'After how many entries of its own an instance signs the ends sooner.',
  ),
  AUDIT_RETENTION_DAYS: setting(
    2190,
    '2190',
    wholeNumber(0, 36_500),
    'a whole number from 0 to 36500',
    'How long entries are kept, six years as HIPAA asks of documentation; 0 for ever.',
  ),
  AUDIT_ADDRESS: setting(
    'network',
    'network',
    oneOf('full', 'network', 'none'),
    'full, network or none',
    'What the record keeps of the address of a request: all, its network (/24, IPv6 /48), or nothing.',
  ),
  AUDIT_PSEUDONYMS: setting(
    'none',
    'none',
    oneOf('none', 'hmac'),
    'none or hmac',
    '`hmac` keeps user ids and rooms as HMAC-SHA-256 by `AUDIT_PSEUDONYM_KEY`.',
  ),
  AUDIT_PSEUDONYM_KEY: {
    ...setting(
      optional,
      'none',
      macKey,
      MAC_KEY,
      'Key of the pseudonyms; whoever has it can look for a person or a room.',
    ),
    secret: true as const,
  },
}
