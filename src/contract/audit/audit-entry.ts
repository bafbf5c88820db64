import type { ProblemCode } from '../problem.ts'

/**
 * One line of the record: who asked for what, and what came of it. It holds no token, name or e-mail.
 * Members that do not apply are absent. What a refused request said is kept only where its shape was checked.
 */
export type AuditEntry = {
  /** Epoch milliseconds. */
  time: number
  requestId: string
  /** Trace that the request belongs to (W3C Trace Context). */
  traceId?: string
  /** Where the request came from, as far as the settings let it be kept. */
  address?: string
  /**
   * Id of the caller in the policy, the issuer of a signed-in user, `invitation:<id>`, `cli:operator` for the command line, or
   * `-` for nobody.
   */
  caller: string
  /** Whom the caller named as the person behind the request; a signed-in user whose request is about somebody else. */
  onBehalfOf?: string
  action:
    | 'service.start'
    | 'service.stop'
    | 'policy.reload'
    | 'audit.read'
    | 'audit.export'
    | 'audit.retain'
    | 'token.issue'
    | 'token.renew'
    | 'token.inspect'
    | 'consultation.create'
    | 'consultation.change'
    | 'consultation.end'
    | 'consultation.cancel'
    | 'consultation.admit'
    | 'consultation.read'
    | 'consultation.forget'
    | 'invitation.create'
    | 'invitation.resend'
    | 'invitation.revoke'
    | 'invitation.redeem'
    | 'revocation.create'
    | 'revocation.lift'
    | 'revocation.read'
    | 'conference.ban'
    | 'conference.destroy'
    | 'conference.kick'
    | 'caller.authenticate'
    | 'key.active'
    | 'key.next'
    | 'key.retired'
    | 'key.removed'
  outcome: 'issued' | 'refused' | 'waiting' | 'done'
  code?: ProblemCode
  /** Id of the consultation that it is about. */
  consultation?: string
  /** Id of the invitation that it is about. */
  invitation?: string
  room?: string
  userId?: string
  role?: string
  jti?: string
  /** Id of the token that this one renews. */
  renews?: string
  kid?: string
  lifetimeSeconds?: number
}

/** What an entry says of the request that it is about. */
export type Origin = Pick<AuditEntry, 'requestId' | 'traceId' | 'address'>

/** An entry as it stands in its chain. */
export type ChainedEntry = AuditEntry & {
  /** Id of the chain: one for each start of a writer. */
  chain: string
  /** 1 for the first entry of its chain, one more for each that follows. */
  sequence: number
  /** In the first entry alone: whose chain it is. */
  writer?: string
  /** In the first entry alone: `<chain>:<sequence>` of the last entry of the chain that the writer had before. */
  previousChain?: string
  /** Hex SHA-256 of the entry before; in the first entry that of `previousChain`, or 64 zeros. */
  previousHash: string
  hash: string
}

/** The end of a chain, on which the next entry is built; before its first entry, what that one names. */
export type ChainEnd = Pick<ChainedEntry, 'chain' | 'sequence' | 'writer' | 'previousChain'> & { hash?: string }
