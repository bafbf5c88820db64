import { createHmac, createPublicKey, type KeyObject, sign as signInPool } from 'node:crypto'
import { compactVerify } from 'jose'
import type { SignedStatements } from '../contract/audit/checkpoint.ts'
import type { Claims, TokenHeader } from '../contract/tokens/claims.ts'
import type { Clock } from '../service/ports.ts'
import type { Signer } from '../service/keys/ports.ts'
import { type Account, adminClaims } from './admin-claims.ts'
import { KeyError } from './private-key.ts'
import type { SigningQueue, QueueOptions } from './signing-queue.ts'

/** The signer of a private key. */
export type KeySigner = Signer & {
  /** Makes a token that opens the management endpoints of an account, valid for a minute. */
  administer(kid: string, account: Account, clock: Clock): Promise<string>
}

/**
 * Makes the signer of a private key. Signatures are made in libuv's pool, off the event loop; the key was parsed once.
 * @throws KeyError where a signature made with the key does not verify with its public half
 */
export async function openSigner(keyId: string, key: KeyObject, queue: SigningQueue): Promise<KeySigner> {
  queue.calibrate(await selfTest(key, keyId))
  return {
    keyId,
    sign: (header, claims, isAborted) => queue.run(() => sign(key, header, claims), runInQueue(isAborted)),
    signStatement: (typ, statement, kid) =>
      queue.run(() => sign(key, { alg: 'RS256', typ, ...(kid === undefined ? {} : { kid }) }, statement), MUST_RUN),
    administer: (kid, account, clock) =>
      queue.run(() => sign(key, { alg: 'RS256', typ: 'JWT', kid }, adminClaims(account, clock())), MUST_RUN),
  }
}

/** Makes the signer of a shared secret (HS256). There is no key to name: the verifier has the secret. */
export function openSecretSigner(secret: KeyObject, queue: SigningQueue): Signer {
  return {
    sign: (header, claims, isAborted) => queue.run(() => sign(secret, header, claims), runInQueue(isAborted)),
    signStatement: (typ, statement) => queue.run(() => sign(secret, { alg: 'HS256', typ }, statement), MUST_RUN),
  }
}

type Header = TokenHeader | { alg: 'RS256' | 'HS256'; typ: keyof SignedStatements; kid?: string }
type Says = Claims | SignedStatements[keyof SignedStatements] | ReturnType<typeof adminClaims> | { keyId: string }

/**
 * Signs what is ours already, as it stands (RFC 7515, section 5.1; RFC 7518, sections 3.2 and 3.3). jose would, too, at the
 * price of copies and checks of what was just made here.
 * @returns a JWS in compact form
 */
async function sign(key: KeyObject, header: Header, says: Says): Promise<string> {
  const input = `${encode(header)}.${encode(says)}`
  const signature = key.type === 'secret' ? createHmac('sha256', key).update(input).digest() : await rs256(key, input)
  return `${input}.${signature.toString('base64url')}`
}

/** RSASSA-PKCS1-v1_5 with SHA-256, which is Node's default for an RSA key, in libuv's pool. */
const rs256 = (key: KeyObject, input: string): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    signInPool('sha256', Buffer.from(input, 'latin1'), key, (error, signature) => {
      if (error === null) resolve(signature)
      else reject(error)
    })
  })

const encode = (part: Header | Says): string => Buffer.from(JSON.stringify(part)).toString('base64url')

/** A statement about the record, and whoever puts somebody out of a meeting, must not fail because many tokens are asked for. */
const MUST_RUN = { mustRun: true }

const runInQueue = (isAborted: (() => boolean) | undefined): QueueOptions =>
  isAborted === undefined ? {} : { isAborted }

/** Signatures that are timed: the first one of a key costs more, for it computes what the others find. */
const TIMED_SIGNATURES = 3

/** @returns what a signature takes, in milliseconds */
async function selfTest(key: KeyObject, keyId: string): Promise<number> {
  const make = () => sign(key, { alg: 'RS256', typ: 'JWT', kid: keyId }, { keyId })
  try {
    await compactVerify(await make(), createPublicKey(key), { algorithms: ['RS256'] })
    const beganAt = performance.now()
    for (let made = 0; made < TIMED_SIGNATURES; made += 1) await make()
    return (performance.now() - beganAt) / TIMED_SIGNATURES
  } catch (cause) {
    throw new KeyError(`the key ${keyId} makes no signature that verifies with its public half; mount an intact key.`, {
      cause,
    })
  }
}
