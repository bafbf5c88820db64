import type { ProblemCode } from '../problem.ts'

/**
 * One entry of the audit record: a caller, an action and its outcome. It contains no token, name or e-mail address.
 * Properties that do not apply are absent. The requested values of a refused request are stored only if its body was
 * valid.
 */
export type AuditEntry = {
  /** Epoch milliseconds. */
  time: number
  /** Id that the service gave to the request. */
  requestId: string
  /** The `X-Request-Id` of the request, which the client chose; several requests may have the same one. */
  clientRequestId?: string
  /** Id of the trace that the request belongs to (W3C Trace Context). */
  traceId?: string
  /** The client address, in the form that the setting `AUDIT_ADDRESS` permits. */
  address?: string
  /**
   * Id of the caller in the policy, the issuer of a signed-in user, `invitation:<id>`, `cli:operator` for the command
   * line, or `-` if the caller is unknown or there is none.
   */
  caller: string
  /**
   * The value of the header `X-On-Behalf-Of`. For a signed-in user whose request is about another person: the id of the
   * signed-in user.
   */
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
    | 'token.reuse'
    | 'token.inspect'
    | 'consultation.create'
    | 'consultation.change'
    | 'consultation.end'
    | 'consultation.cancel'
    | 'consultation.admit'
    | 'consultation.notify'
    | 'consultation.read'
    | 'consultation.forget'
    | 'invitation.create'
    | 'invitation.resend'
    | 'invitation.revoke'
    | 'invitation.redeem'
    | 'invitation.move'
    | 'visit.bind'
    | 'draft-key.read'
    | 'draft-key.delete'
    | 'consent.give'
    | 'consent.refuse'
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
  /** Id of the consultation. */
  consultation?: string
  /** Id of the invitation. */
  invitation?: string
  room?: string
  userId?: string
  role?: string
  jti?: string
  /** `jti` of the token that this one renews. */
  renews?: string
  kid?: string
  lifetimeSeconds?: number
  /** Id of the text that a person was shown: a notice or a request for consent. */
  document?: string
  /** `<chain>:<sequence>` of the entry that this one undoes: what that entry records did not take effect. */
  undoes?: string
  /** The number of requests that this entry stands for; absent for one. */
  count?: number
}

/** The properties of an entry that identify its request. */
export type Origin = Pick<AuditEntry, 'requestId' | 'clientRequestId' | 'traceId' | 'address'>

/** An entry that is linked into its hash chain. */
export type ChainedEntry = AuditEntry & {
  /** Id of the chain. Each start of a writer begins a new chain. */
  chain: string
  /** Position in the chain, from 1, without gaps. */
  sequence: number
  /** Only in the first entry: the name of the writer. */
  writer?: string
  /**
   * Only in the first entry: `<chain>:<sequence>` of the last entry of the writer's previous chain, if there is one.
   */
  previousChain?: string
  /** `hash` of the previous entry; in the first entry, of the entry that `previousChain` names, or 64 zeros. */
  previousHash: string
  /** Hex SHA-256 of this entry. */
  hash: string
}

/**
 * The end of a chain, to which the next entry is linked. Before the first entry, `sequence` is 0, and `writer`,
 * `previousChain` and `hash` are the values for the first entry.
 */
export type ChainEnd = Pick<ChainedEntry, 'chain' | 'sequence' | 'writer' | 'previousChain'> & { hash?: string }
