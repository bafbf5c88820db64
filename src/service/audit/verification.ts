import type { RetentionMarker } from '../../contract/audit/checkpoint.ts'
import type { Finding } from '../../rules/audit/verify-chain.ts'
import type { AuditReader, CheckpointStore, Retention } from './ports.ts'
import type { Keys } from '../keys/ports.ts'
import { readStatement } from './statements.ts'

/** What a verification saw, and what was wrong. */
export type Verification = {
  chains: number
  entries: number
  /** Signed stubs that stand for old ends of chains, which retention removed. */
  stubs: number
  checkpoints: number
  /** Stubs and checkpoints among them whose key is not at hand: they vouch for nothing. */
  unverifiable: number
  findings: Finding[]
}

/** What a verification needs. */
export type VerifyAuditDeps = {
  reader: AuditReader
  checkpoints: CheckpointStore
  retention: Pick<Retention, 'findMarker'>
  keys: Pick<Keys, 'verify'>
}

/** A verification under way. */
export type VerificationRun = VerifyAuditDeps & {
  seen: Verification
  report: (findings: Iterable<Finding>) => void
  /** The newest stub of a chain, as it was when first asked for; undefined where there is none that counts. */
  findMarker: FindMarker
}

type FindMarker = (chain: string, again?: 'again') => Promise<RetentionMarker | undefined>

/** Reads stubs, each chain's once: many checkpoints ask for the same ones. */
export function createMarkerFinder(
  { retention, keys }: VerifyAuditDeps,
  seen: Verification,
  tell: VerificationRun['report'],
): FindMarker {
  const known = new Map<string, RetentionMarker | undefined>()
  return async (chain, again) => {
    if (known.has(chain) && again === undefined) return known.get(chain)
    const kept = await retention.findMarker(chain)
    const stub = kept === undefined ? undefined : await readStatement(keys, 'audit-stub', kept.jws)
    const counts = stub !== undefined && 'says' in stub && stub.says.chain === chain ? stub.says : undefined
    if (stub !== undefined && !known.has(chain)) {
      seen.stubs += 1
      if ('verdict' in stub && stub.verdict === 'unknown-key') seen.unverifiable += 1
      else if (counts === undefined) tell([forged(chain)])
    }
    known.set(chain, counts)
    return counts
  }
}

const forged = (chain: string): Finding => ({
  ...{ chain, sequence: 0, what: 'changed' },
  message: `the stub that stands for the old end of chain ${chain} was not signed as it stands.`,
})
