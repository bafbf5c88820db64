import type { ProblemCode } from './problem.ts'

/**
 * One line of the record: who asked for what, and what came of it. It holds no token, name or e-mail.
 * Members that do not apply are absent. What a refused request said is kept only where its shape was checked.
 */
export type AuditEntry = {
  /** Epoch milliseconds. */
  time: number
  requestId: string
  /** Id of the caller in the policy, the issuer of a signed-in user, `cli:operator` for the command line, or `-` for nobody. */
  caller: string
  /** Whom the caller named as the person behind the request. */
  onBehalfOf?: string
  action:
    'token.issue' | 'token.inspect' | 'caller.authenticate' | 'key.active' | 'key.next' | 'key.retired' | 'key.removed'
  outcome: 'issued' | 'refused' | 'done'
  code?: ProblemCode
  room?: string
  userId?: string
  role?: string
  jti?: string
  kid?: string
  lifetimeSeconds?: number
}

/** An entry as it stands in the chain. */
export type ChainedEntry = AuditEntry & {
  /** 1 for the first entry, one more for each that follows. */
  sequence: number
  /** Hex SHA-256 of the entry before; 64 zeros for the first. */
  previousHash: string
  hash: string
}
