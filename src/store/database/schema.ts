import type { Kysely } from 'kysely'

/** The tables. Times are epoch milliseconds; what does not apply is null here and absent in an entry. */
export type Tables = {
  audit_entry: {
    chain: string
    sequence: number
    time: number
    request_id: string
    trace_id: string | null
    address: string | null
    caller: string
    on_behalf_of: string | null
    action: string
    outcome: string
    code: string | null
    consultation: string | null
    invitation: string | null
    room: string | null
    user_id: string | null
    role: string | null
    jti: string | null
    renews: string | null
    kid: string | null
    lifetime_seconds: number | null
    /** In the first entry of a chain alone: whose chain it is, and which one that writer had before. */
    writer: string | null
    previous_chain: string | null
    previous_hash: string
    hash: string
  }
  /** Signed ends of chains, numbered without a gap. */
  audit_checkpoint: { number: number; time: number; jws: string }
  /** Signed stubs, which stand for what retention removed: of each chain all up to the newest one's sequence. */
  audit_stub: {
    chain: string
    sequence: number
    hash: string
    writer: string | null
    began: number
    time: number
    jws: string
  }
  /** Every key that was ever seen, by the kid that verifiers cache it under. */
  key_seen: {
    kid: string
    fingerprint: string
    state: 'active' | 'next' | 'retired' | 'removed'
    first_seen_at: number
    changed_at: number
  }
  /** Rooms with an appointment. */
  consultation: {
    id: string
    room: string
    version: number
    starts_at: number
    ends_at: number
    /** 1 where those who do not moderate wait. */
    waiting_room: number
    max_participants: number | null
    external_id: string | null
    created_at: number
    created_by: string
    opened_at: number | null
    ended_at: number | null
    cancelled_at: number | null
  }
  /** Who takes part in them, in the order in which they were named. */
  participant: {
    consultation: string
    user_id: string
    position: number
    role: string
    name: string | null
    since: number
    waiting_since: number | null
    admitted_at: number | null
    entered_at: number | null
    via: string | null
  }
  /** Invitations; of a code its SHA-256 in hex is kept. */
  invitation: {
    id: string
    consultation: string
    role: string
    name: string | null
    user_id: string | null
    uses: number
    used: number
    expires_at: number | null
    created_at: number
    created_by: string
    revoked_at: number | null
    code_hash: string
  }
  /** The browsers that used them, by the SHA-256 of their cookie, and by which code. */
  invitation_session: {
    session_hash: string
    invitation: string
    code_hash: string
    user_id: string
    created_at: number
  }
  /** What was answered to requests that carried an Idempotency-Key. */
  idempotent_answer: { caller: string; key: string; fingerprint: string; answer: string; created_at: number }
  /** Who gets no token; a row is in force until it is removed. */
  revocation: {
    id: string
    consultation: string | null
    /** The room of the consultation. */
    room: string | null
    user_id: string | null
    issued_before: number | null
    created_at: number
    created_by: string
  }
  /** One row that a readiness probe rewrites: writing is the only proof that writing works. */
  probe: { id: number; time: number }
}

export type Database = Kysely<Tables>

export type Engine = 'sqlite' | 'postgres'
