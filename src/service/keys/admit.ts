import { OperatorError } from '../fault.ts'
import { type CurrentKey, compareKeyRing } from '../../rules/key-ring.ts'
import type { Clock, Ledger, NewId } from '../ports.ts'
import type { KeyRegister } from './ports.ts'

export type AdmitKeysDeps = { register: KeyRegister; ledger: Ledger; clock: Clock; newId: NewId }

class KidReusedError extends OperatorError {
  override name = 'KidReusedError'

  constructor(kids: readonly string[]) {
    super([
      `${kids.join(', ')}: this kid was used for another key, which verifiers may have cached; give the new key a new id.`,
    ])
  }
}

/**
 * Admits a key ring before it is used. It records every key that changes its state, and refuses a ring in which a kid that
 * belonged to another key is reused.
 * @param added the kids that this instance begins to publish while it runs
 * @throws KidReusedError; ServiceFault `record-unavailable`
 */
export async function admitKeys(
  { register, ledger, clock, newId }: AdmitKeysDeps,
  ring: readonly CurrentKey[],
  added?: ReadonlySet<string>,
): Promise<void> {
  const { changed, published, reused } = compareKeyRing(await register.list(), ring, clock(), added)
  if (reused.length > 0) throw new KidReusedError(reused)
  if (changed.length + published.length === 0) return
  const requestId = newId()
  for (const { kid, state } of changed) {
    await ledger.append({ time: clock(), requestId, caller: '-', action: `key.${state}`, outcome: 'done', kid })
  }
  await register.save([...changed, ...published])
}
