import { createPublicKey, type KeyObject } from 'node:crypto'
import { compactVerify, SignJWT } from 'jose'
import type { Attested } from '../contract/checkpoint.ts'
import type { Claims, TokenHeader } from '../contract/claims.ts'
import { ServiceFault } from '../service/fault.ts'
import type { Signer } from '../service/ports.ts'
import { KeyFault } from './private-key.ts'

/** How many signatures are under way at once, and how many wait for one of those places. */
export type SignerBounds = { underWay: number; waiting: number }

/** Runs signatures in the order they came, no more at once than is good. */
export type SignatureQueue = <T>(task: () => Promise<T>) => Promise<T>

/**
 * Makes the signer of a private key. Signatures are made in libuv's pool, off the event loop; the key was parsed once.
 * @throws KeyFault where a signature made with the key does not verify with its public half
 */
export async function openSigner(keyId: string, key: KeyObject, queue: SignatureQueue): Promise<Signer> {
  await selfTest(key, keyId)
  return {
    keyId,
    sign: (header, claims) => queue(() => sign(key, header, claims)),
    attest: (typ, statement, kid) =>
      queue(() => attest(key, { alg: 'RS256', typ, ...(kid === undefined ? {} : { kid }) }, statement)),
  }
}

/** Makes the signer of a shared secret (HS256). There is no key to name: the verifier has the secret. */
export function openSecretSigner(secret: KeyObject, queue: SignatureQueue): Signer {
  return {
    sign: (header, claims) => queue(() => sign(secret, header, claims)),
    attest: (typ, statement) => queue(() => attest(secret, { alg: 'HS256', typ }, statement)),
  }
}

const sign = (key: KeyObject, header: TokenHeader, claims: Claims): Promise<string> =>
  new SignJWT(claims).setProtectedHeader(header).sign(key)

const attest = (
  key: KeyObject,
  header: { alg: string; typ: keyof Attested; kid?: string },
  statement: Attested[keyof Attested],
): Promise<string> => new SignJWT(statement).setProtectedHeader(header).sign(key)

async function selfTest(key: KeyObject, keyId: string): Promise<void> {
  try {
    const token = await new SignJWT({ keyId }).setProtectedHeader({ alg: 'RS256' }).sign(key)
    await compactVerify(token, createPublicKey(key), { algorithms: ['RS256'] })
  } catch (cause) {
    throw new KeyFault(`the key ${keyId} makes no signature that verifies with its public half; mount an intact key.`, {
      cause,
    })
  }
}

/**
 * At most `underWay` tasks run at once; at most `waiting` wait for a place.
 * @returns runs a task; throws ServiceFault `overloaded` where too many wait
 */
export function signatureQueue({ underWay, waiting }: SignerBounds): SignatureQueue {
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
