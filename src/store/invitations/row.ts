import type { Selectable } from 'kysely'
import type { Invitation } from '../../service/invitations/ports.ts'
import type { Tables } from '../database/schema.ts'

type Row = Selectable<Tables['invitation']>

/** Converts an invitation to a row. @param codeHash hex SHA-256 of the code */
export const toRow = (invitation: Invitation, codeHash: string): Row => ({
  id: invitation.id,
  consultation: invitation.consultationId,
  role: invitation.role,
  name: invitation.name ?? null,
  user_id: invitation.userId ?? null,
  uses: invitation.uses,
  used: invitation.used,
  expires_at: invitation.expiresAt ?? null,
  created_at: invitation.createdAt,
  created_by: invitation.createdBy,
  revoked_at: invitation.revokedAt ?? null,
  code_hash: codeHash,
})

/** Converts a row to an invitation. */
export const toInvitation = (row: Row): Invitation => ({
  id: row.id,
  consultationId: row.consultation,
  role: row.role,
  ...(row.name === null ? {} : { name: row.name }),
  ...(row.user_id === null ? {} : { userId: row.user_id }),
  uses: row.uses,
  used: row.used,
  ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
  createdAt: row.created_at,
  createdBy: row.created_by,
  ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at }),
})
