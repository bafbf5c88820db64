import type { Migration } from 'kysely/migration'
import type { Engine } from '../database/schema.ts'
import { createAuditMigration } from './001-audit.ts'
import { keys } from './002-keys.ts'
import { probe } from './003-probe.ts'
import { origin } from './004-origin.ts'
import { createRetentionMigration } from './005-retention.ts'
import { writers } from './006-writers.ts'
import { consultations } from './007-consultations.ts'
import { invitations } from './008-invitations.ts'
import { revocations } from './009-revocations.ts'
import { indexes } from './010-indexes.ts'
import { requestIds } from './011-request-ids.ts'
import { keyPublication } from './012-key-publication.ts'
import { selfNamed } from './013-self-named.ts'
import { browserSessions } from './014-browser-sessions.ts'
import { presence } from './015-presence.ts'
import { visits } from './016-visits.ts'
import { additiveMigrations } from './017-additive-migrations.ts'

/**
 * Lists all migrations in the order of their names, which the database stores. They only go forward, and a released
 * migration never changes.
 */
export const listMigrations = (engine: Engine): Record<string, Migration> => ({
  '001-audit': createAuditMigration(engine),
  '002-keys': keys,
  '003-probe': probe,
  '004-origin': origin,
  '005-retention': createRetentionMigration(engine),
  '006-writers': writers,
  '007-consultations': consultations,
  '008-invitations': invitations,
  '009-revocations': revocations,
  '010-indexes': indexes,
  '011-request-ids': requestIds,
  '012-key-publication': keyPublication,
  '013-self-named': selfNamed,
  '014-browser-sessions': browserSessions,
  '015-presence': presence,
  '016-visits': visits,
  '017-additive-migrations': additiveMigrations,
})
