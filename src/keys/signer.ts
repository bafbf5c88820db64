import { createHmac, createPublicKey, type KeyObject, sign as signInPool } from 'node:crypto'
import { compactVerify } from 'jose'
import type { SignedStatements } from '../contract/audit/checkpoint.ts'
import type { Claims, TokenHeader } from '../contract/tokens/claims.ts'
import type { Clock } from '../service/ports.ts'
import type { Signer } from '../service/keys/ports.ts'
import { type Account, createAdminClaims } from './admin-claims.ts'
import { KeyError } from './private-key.ts'
import type { SigningQueue, QueueOptions } from './signing-queue.ts'

/** The signer of a private key. */
export type KeySigner = Signer & {
  /** Creates a token for the JaaS management endpoints of an account, valid for a minute. */
  createAdminToken(kid: string, account: Account, clock: Clock): Promise<string>
}

/**
 * Creates the signer of a private key. It signs in the thread pool of libuv, so that the event loop stays free.
 * @throws KeyError if a signature of the key does not verify with its public half
 */
export async function openSigner(keyId: string, key: KeyObject, queue: SigningQueue): Promise<KeySigner> {
  queue.calibrate(await testKey(key, keyId))
  return {
    keyId,
    sign: (header, claims, isAborted) => queue.run(() => sign(key, header, claims), toQueueOptions(isAborted)),
    signStatement: (typ, statement, kid) =>
      queue.run(() => sign(key, { alg: 'RS256', typ, ...(kid === undefined ? {} : { kid }) }, statement), MUST_RUN),
    createAdminToken: (kid, account, clock) =>
      queue.run(() => sign(key, { alg: 'RS256', typ: 'JWT', kid }, createAdminClaims(account, clock())), MUST_RUN),
  }
}

/** Creates the signer of a shared secret (HS256). It has no key id, because the verifier knows the only secret. */
export function openSecretSigner(secret: KeyObject, queue: SigningQueue): Signer {
  return {
    sign: (header, claims, isAborted) => queue.run(() => sign(secret, header, claims), toQueueOptions(isAborted)),
    signStatement: (typ, statement) => queue.run(() => sign(secret, { alg: 'HS256', typ }, statement), MUST_RUN),
  }
}

type Header = TokenHeader | { alg: 'RS256' | 'HS256'; typ: keyof SignedStatements; kid?: string }
type Payload =
  Claims | SignedStatements[keyof SignedStatements] | ReturnType<typeof createAdminClaims> | { keyId: string }

/**
 * Signs a payload as it is (RFC 7515, section 5.1; RFC 7518, sections 3.2 and 3.3). jose would first copy and check the
 * header and the payload, which this service has just created.
 * @returns a JWS in compact form
 */
async function sign(key: KeyObject, header: Header, payload: Payload): Promise<string> {
  const input = `${encode(header)}.${encode(payload)}`
  const signature =
    key.type === 'secret' ? createHmac('sha256', key).update(input).digest() : await signRs256(key, input)
  return `${input}.${signature.toString('base64url')}`
}

/** Signs with RSASSA-PKCS1-v1_5 and SHA-256, which is the default of Node.js for an RSA key, in the thread pool. */
const signRs256 = (key: KeyObject, input: string): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    signInPool('sha256', Buffer.from(input, 'latin1'), key, (error, signature) => {
      if (error === null) resolve(signature)
      else reject(error)
    })
  })

const encode = (part: Header | Payload): string => Buffer.from(JSON.stringify(part)).toString('base64url')

/** A statement about the audit record and a removal from a meeting must not fail because many tokens are requested. */
const MUST_RUN = { mustRun: true }

const toQueueOptions = (isAborted: (() => boolean) | undefined): QueueOptions =>
  isAborted === undefined ? {} : { isAborted }

/**
 * Verifies a signature of the key, and times a second one: OpenSSL computes values for the first that later ones reuse. The
 * queue corrects the time with each signature.
 * @returns the time of one signature, in milliseconds
 * @throws KeyError
 */
async function testKey(key: KeyObject, keyId: string): Promise<number> {
  const signTest = () => sign(key, { alg: 'RS256', typ: 'JWT', kid: keyId }, { keyId })
  try {
    await compactVerify(await signTest(), createPublicKey(key), { algorithms: ['RS256'] })
    const startedAt = performance.now()
    await signTest()
    return performance.now() - startedAt
  } catch (cause) {
    throw new KeyError(`the key ${keyId}: its signatures do not verify with its public half; mount an intact key.`, {
      cause,
    })
  }
}
