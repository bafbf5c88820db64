import { createPublicKey, type KeyObject } from 'node:crypto'
import { CompactSign, compactVerify } from 'jose'
import type { Attested } from '../contract/checkpoint.ts'
import type { Claims, TokenHeader } from '../contract/claims.ts'
import type { Clock, Signer } from '../service/ports.ts'
import { type Account, adminClaims } from './admin-claims.ts'
import { KeyFault } from './private-key.ts'
import type { SignatureQueue, Waiter } from './queue.ts'

/** The signer of a private key. */
export type KeySigner = Signer & {
  /** Makes a token that opens the management endpoints of an account, valid for a minute. */
  administer(kid: string, account: Account, clock: Clock): Promise<string>
}

/**
 * Makes the signer of a private key. Signatures are made in libuv's pool, off the event loop; the key was parsed once.
 * @throws KeyFault where a signature made with the key does not verify with its public half
 */
export async function openSigner(keyId: string, key: KeyObject, queue: SignatureQueue): Promise<KeySigner> {
  queue.calibrate(await selfTest(key, keyId))
  return {
    keyId,
    sign: (header, claims, gone) => queue.run(() => sign(key, header, claims), waiting(gone)),
    attest: (typ, statement, kid) =>
      queue.run(() => sign(key, { alg: 'RS256', typ, ...(kid === undefined ? {} : { kid }) }, statement), PATIENT),
    administer: (kid, account, clock) =>
      queue.run(() => sign(key, { alg: 'RS256', typ: 'JWT', kid }, adminClaims(account, clock())), PATIENT),
  }
}

/** Makes the signer of a shared secret (HS256). There is no key to name: the verifier has the secret. */
export function openSecretSigner(secret: KeyObject, queue: SignatureQueue): Signer {
  return {
    sign: (header, claims, gone) => queue.run(() => sign(secret, header, claims), waiting(gone)),
    attest: (typ, statement) => queue.run(() => sign(secret, { alg: 'HS256', typ }, statement), PATIENT),
  }
}

/** Signs what is ours already, as it stands: SignJWT would copy the claims and check each of them again. */
const sign = (
  key: KeyObject,
  header: TokenHeader | { alg: string; typ: keyof Attested; kid?: string },
  says: Claims | Attested[keyof Attested] | ReturnType<typeof adminClaims> | { keyId: string },
): Promise<string> => new CompactSign(Buffer.from(JSON.stringify(says))).setProtectedHeader(header).sign(key)

/** A statement about the record, and whoever puts somebody out of a meeting, must not fail because many tokens are asked for. */
const PATIENT = { patient: true }

const waiting = (gone: (() => boolean) | undefined): Waiter => (gone === undefined ? {} : { gone })

/** Signatures that are timed: the first one of a key costs more, for it computes what the others find. */
const TIMED = 3

/** @returns what a signature takes, in milliseconds */
async function selfTest(key: KeyObject, keyId: string): Promise<number> {
  const make = () => sign(key, { alg: 'RS256', typ: 'JWT', kid: keyId }, { keyId })
  try {
    await compactVerify(await make(), createPublicKey(key), { algorithms: ['RS256'] })
    const beganAt = performance.now()
    for (let made = 0; made < TIMED; made += 1) await make()
    return (performance.now() - beganAt) / TIMED
  } catch (cause) {
    throw new KeyFault(`the key ${keyId} makes no signature that verifies with its public half; mount an intact key.`, {
      cause,
    })
  }
}
