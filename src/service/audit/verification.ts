import type { RetentionMarker } from '../../contract/audit/checkpoint.ts'
import type { Finding } from '../../rules/audit/verify-chain.ts'
import type { AuditReader, CheckpointStore, Retention } from './ports.ts'
import type { Keys } from '../keys/ports.ts'
import { readStatement } from './statements.ts'

/** The result of a verification: what it checked, and what was wrong. */
export type Verification = {
  chains: number
  entries: number
  /** Retention markers: each replaces the entries of a chain that retention removed. */
  stubs: number
  checkpoints: number
  /** How many of the markers and checkpoints are signed by a key that is not available: they prove nothing. */
  unverifiable: number
  findings: Finding[]
}

export type VerifyAuditDeps = {
  reader: AuditReader
  checkpoints: CheckpointStore
  retention: Pick<Retention, 'findMarker'>
  keys: Pick<Keys, 'verify'>
}

/** The state of a running verification. */
export type VerificationRun = VerifyAuditDeps & {
  result: Verification
  report: (findings: Iterable<Finding>) => void
  findMarker: FindMarker
}

/** Finds the newest valid retention marker of a chain, cached unless `refresh` is given; undefined if there is none. */
type FindMarker = (chain: string, refresh?: 'refresh') => Promise<RetentionMarker | undefined>

/** Creates a finder that reads and counts the marker of each chain once: many checkpoints need the same markers. */
export function createMarkerFinder(
  { retention, keys }: VerifyAuditDeps,
  result: Verification,
  report: VerificationRun['report'],
): FindMarker {
  const markerCache = new Map<string, RetentionMarker | undefined>()
  return async (chain, refresh) => {
    if (markerCache.has(chain) && refresh === undefined) return markerCache.get(chain)
    const stored = await retention.findMarker(chain)
    const statement = stored === undefined ? undefined : await readStatement(keys, 'audit-stub', stored.jws)
    const marker =
      statement !== undefined && 'payload' in statement && statement.payload.chain === chain
        ? statement.payload
        : undefined
    if (statement !== undefined && !markerCache.has(chain)) {
      result.stubs += 1
      if ('verdict' in statement && statement.verdict === 'unknown-key') result.unverifiable += 1
      else if (marker === undefined) report([forgedMarker(chain)])
    }
    markerCache.set(chain, marker)
    return marker
  }
}

const forgedMarker = (chain: string): Finding => ({
  ...{ chain, sequence: 0, what: 'changed' },
  message: `the retention marker of chain ${chain} has no valid signature.`,
})
