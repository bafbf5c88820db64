import { OperatorError } from '../fault.ts'
import { type CurrentKey, compareKeyRing } from '../../rules/key-ring.ts'
import type { Clock, NewId } from '../ports.ts'
import type { Ledger } from '../ports.ts'
import type { KeyRegister } from './ports.ts'

/** What admitting keys needs. */
export type AdmitKeysDeps = { register: KeyRegister; ledger: Ledger; clock: Clock; newId: NewId }

/** A key lies under an id that once had another one. */
class KidReusedError extends OperatorError {
  override name = 'KidReusedError'

  constructor(kids: readonly string[]) {
    super([
      `${kids.join(', ')}: this kid was used for another key, which verifiers may have cached; give the new key a new id.`,
    ])
  }
}

/**
 * Admits a ring before it is used: what changes is recorded, and a kid that once had another key is refused.
 * @throws KidReusedError; ServiceFault `record-unavailable`
 */
export async function admitKeys({ register, ledger, clock, newId }: AdmitKeysDeps, ring: readonly CurrentKey[]) {
  const { changed, reused } = compareKeyRing(await register.list(), ring, clock())
  if (reused.length > 0) throw new KidReusedError(reused)
  if (changed.length === 0) return
  const requestId = newId()
  for (const { kid, state } of changed) {
    await ledger.append({ time: clock(), requestId, caller: '-', action: `key.${state}`, outcome: 'done', kid })
  }
  await register.save(changed)
}
