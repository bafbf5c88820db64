import { createPublicKey } from 'node:crypto'
import { compactVerify, SignJWT } from 'jose'
import type { Claims, TokenHeader } from '../contract/claims.ts'
import { ServiceFault } from '../service/fault.ts'
import type { Signer } from '../service/ports.ts'
import { KeyFault } from './private-key.ts'
import type { SigningKey } from './signing-key.ts'

/** How many signatures are under way at once, and how many wait for one of those places. */
export type SignerBounds = { underWay: number; waiting: number }

/**
 * Makes the signer. Signatures are made in libuv's pool, off the event loop; the key was parsed once.
 * @param bounds at the limit of `waiting`, `sign` throws ServiceFault `overloaded`
 * @throws KeyFault where a signature made with the key does not verify with its public half
 */
export async function openSigner({ keyId, key }: SigningKey, bounds: SignerBounds): Promise<Signer> {
  const queued = bounded(bounds)
  const sign = (header: TokenHeader, claims: Claims) =>
    queued(() => new SignJWT(claims as Record<string, unknown>).setProtectedHeader(header).sign(key))
  await selfTest(key, keyId)
  return { keyId, sign }
}

async function selfTest(key: SigningKey['key'], keyId: string): Promise<void> {
  try {
    const token = await new SignJWT({ keyId }).setProtectedHeader({ alg: 'RS256' }).sign(key)
    await compactVerify(token, createPublicKey(key), { algorithms: ['RS256'] })
  } catch (cause) {
    throw new KeyFault(`the key ${keyId} makes no signature that verifies with its public half; mount an intact key.`, {
      cause,
    })
  }
}

/** Runs at most `underWay` tasks at once, in the order they came; at most `waiting` wait for a place. */
function bounded({ underWay, waiting }: SignerBounds): <T>(task: () => Promise<T>) => Promise<T> {
  let running = 0
  const queue: (() => void)[] = []
  return async (task) => {
    if (running < underWay) running += 1
    else if (queue.length < waiting) await new Promise<void>((resolve) => queue.push(resolve))
    else throw new ServiceFault('overloaded')
    try {
      return await task()
    } finally {
      // The place goes to the next in line without being free in between.
      const next = queue.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
}
