import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { openInvitations } from '../../../src/store/invitations/invitations.ts'
import { invitations } from '../../../src/store/migrations/008-invitations.ts'
import { browserSessions } from '../../../src/store/migrations/014-browser-sessions.ts'
import { ENGINES } from '../engines/engines.ts'

describe.each(ENGINES)('on $name', ({ name, there, open }) => {
  it.skipIf(!there)('a browser that used an invitation before the migration is still bound to it', async () => {
    const db = await open()
    for (const table of ['browser_session', 'former_code', 'invitation']) await db.schema.dropTable(table).execute()
    await invitations.up(db)
    await sql`INSERT INTO consultation (id, room, version, starts_at, ends_at, waiting_room, created_at, created_by)
      VALUES ('c', 'room', 1, 100, 200, 0, 1, 'desk')`.execute(db)
    await sql`INSERT INTO invitation (id, consultation, role, uses, used, created_at, created_by, code_hash)
      VALUES ('i', 'c', 'patient', 1, 1, 2, 'desk', 'code')`.execute(db)
    await sql`INSERT INTO invitation_session (session_hash, invitation, code_hash, user_id, created_at)
      VALUES ('browser', 'i', 'code', 'guest-1', 3)`.execute(db)
    await browserSessions.up(db)
    expect(await openInvitations(db, name === 'SQLite' ? 'sqlite' : 'postgres').findSessions('browser')).toMatchObject([
      {
        sessionHash: 'browser',
        consultationId: 'c',
        callerId: 'invitation:i',
        userId: 'guest-1',
        role: 'patient',
        boundAt: 3,
        invitation: { id: 'i', used: 1 },
      },
    ])
  })
})
