import type { Kysely } from 'kysely'

/** The tables. Times are epoch milliseconds. An absent property of an object is a null column. */
export type Tables = {
  audit_entry: {
    chain: string
    sequence: number
    time: number
    request_id: string
    client_request_id: string | null
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
    document: string | null
    undoes: string | null
    count: number | null
    /** Only in the first entry of a chain: its writer, and the end of the previous chain of that writer. */
    writer: string | null
    previous_chain: string | null
    previous_hash: string
    hash: string
  }
  /** Signed heads of chains, numbered without a gap. */
  audit_checkpoint: { number: number; time: number; jws: string }
  /**
   * Signed retention markers. The newest marker of a chain covers the rows up to its sequence, which retention may
   * remove; all others cannot be deleted.
   */
  audit_stub: {
    chain: string
    sequence: number
    hash: string
    writer: string | null
    began: number
    time: number
    jws: string
  }
  /** Every key that was ever in the key ring, by the `kid` that verifiers see. */
  key_seen: {
    kid: string
    fingerprint: string
    state: 'active' | 'next' | 'retired' | 'removed'
    first_seen_at: number
    /** Null for a key that is older than this column; it has been published since it was first seen. */
    published_since: number | null
    changed_at: number
  }
  /** Consultations. */
  consultation: {
    id: string
    room: string
    version: number
    starts_at: number
    ends_at: number
    /** 1 if participants who are not moderators wait for admission, otherwise 0. */
    waiting_room: number
    max_participants: number | null
    external_id: string | null
    /** The card as JSON. */
    card: string | null
    notice_code: string | null
    notice_at: number | null
    created_at: number
    created_by: string
    opened_at: number | null
    ended_at: number | null
    cancelled_at: number | null
  }
  /** The participants of consultations. `position` is the order of the list. */
  participant: {
    consultation: string
    user_id: string
    position: number
    role: string
    name: string | null
    /** 1 if the name is self-chosen, otherwise 0. */
    self_named: number
    since: number
    waiting_since: number | null
    admitted_at: number | null
    entered_at: number | null
    /** When the participant last asked for a token or listened to events while waiting. */
    last_seen_at: number | null
    via: string | null
    /** When the participant deleted the key of the drafts. */
    drafts_deleted_at: number | null
  }
  /** Invitations. `code_hash` is the hex SHA-256 of the code. */
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
  /** Earlier codes of invitations, as hex SHA-256. */
  former_code: { code_hash: string; invitation: string }
  /**
   * The consultations that a browser is bound to. `session_hash` is the hex SHA-256 of the cookie. `caller` is
   * `invitation:<id>`, or the issuer of a signed-in user; `code_hash` is the code that the browser used.
   */
  browser_session: {
    session_hash: string
    consultation: string
    caller: string
    invitation: string | null
    code_hash: string | null
    user_id: string
    role: string
    bound_at: number
  }
  /** The answers to requests with an Idempotency-Key. */
  idempotent_answer: { caller: string; key: string; fingerprint: string; answer: string; created_at: number }
  /** Revocations. A row is in force until it is deleted. */
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
  /** One row that the readiness probe updates, because only a write proves that the database accepts writes. */
  probe: { id: number; time: number }
}

export type Database = Kysely<Tables>

export type Engine = 'sqlite' | 'postgres'
