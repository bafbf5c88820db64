import { hostname } from 'node:os'
import { databaseUrl } from './database-url.ts'
import { macKey, text, wholeNumber, word } from './readers.ts'
import { secretSetting, setting } from './setting.ts'

/** The database, and the content and retention of the audit record. */
export const AUDIT_SETTINGS = {
  DATABASE_URL: secretSetting(databaseUrl, {
    fallback: 'sqlite:data/service.db',
    about:
      'Database of the audit record and of consultations: an SQLite file, or PostgreSQL for several replicas. The parameters `sslmode` and `sslrootcert` of a PostgreSQL URL control TLS; a Unix socket is named by its folder.',
  }),
  AUDIT_WRITER: setting(
    text(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/, '1 to 128 characters of A-Z, a-z, 0-9 and . _ @ -'),
    {
      fallback: hostname(),
      shown: 'the host name',
      about: 'Name of this instance in the audit record; each replica needs a name of its own.',
    },
  ),
  AUDIT_CHECKPOINT_MINUTES: setting(wholeNumber(1, 1440), {
    fallback: 10,
    about: 'Minutes between two signed checkpoints of the audit chains. The service also signs one when it stops.',
  }),
  AUDIT_CHECKPOINT_ENTRIES: setting(wholeNumber(100, 1_000_000), {
    fallback: 10_000,
    about: 'Number of new audit entries of this instance after which it signs a checkpoint earlier.',
  }),
  AUDIT_RETENTION_DAYS: setting(wholeNumber(0, 36_500), {
    fallback: 2190,
    about:
      'Days that audit entries are kept; 0 keeps them forever. The default is six years, the period that HIPAA sets for documentation.',
  }),
  AUDIT_ANONYMOUS_RETENTION_DAYS: setting(wholeNumber(0, 36_500), {
    fallback: 90,
    about:
      'Days that entries about callers who are not known are kept, such as failed logins; 0 keeps them as long as the others. They are never kept longer than the others.',
  }),
  AUDIT_ADDRESS: setting(word('full', 'network', 'none'), {
    fallback: 'network',
    about:
      'What an audit entry contains of the client address: the full address, its network (/24 for IPv4, /48 for IPv6), or nothing.',
  }),
  AUDIT_PSEUDONYMS: setting(word('none', 'hmac'), {
    fallback: 'none',
    about:
      '`hmac` replaces user ids and rooms in audit entries with their HMAC-SHA-256 under the key `AUDIT_PSEUDONYM_KEY`.',
  }),
  AUDIT_PSEUDONYM_KEY: secretSetting(macKey, {
    fallback: undefined,
    about: 'Key of the pseudonyms. Without it, nobody can search the audit record for a user or a room.',
  }),
}
