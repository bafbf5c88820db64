import type { Stub } from '../../contract/audit/checkpoint.ts'
import type { Finding } from '../../rules/audit/verify-chain.ts'
import type { AuditReader, CheckpointStore, Keys, Retention } from '../ports.ts'
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
export type VerifyingParts = {
  reader: AuditReader
  checkpoints: CheckpointStore
  retention: Pick<Retention, 'stub'>
  keys: Pick<Keys, 'verify'>
}

/** A verification under way. */
export type Verifying = VerifyingParts & {
  seen: Verification
  tell: (findings: Iterable<Finding>) => void
  /** The newest stub of a chain, as it was when first asked for; undefined where there is none that counts. */
  stubOf: StubOf
}

type StubOf = (chain: string, again?: 'again') => Promise<Stub | undefined>

/** Reads stubs, each chain's once: many checkpoints ask for the same ones. */
export function stubsIn({ retention, keys }: VerifyingParts, seen: Verification, tell: Verifying['tell']): StubOf {
  const known = new Map<string, Stub | undefined>()
  return async (chain, again) => {
    if (known.has(chain) && again === undefined) return known.get(chain)
    const kept = await retention.stub(chain)
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
