import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { compactVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import type { Claims, TokenHeader } from '../../src/contract/tokens/claims.ts'
import { createSigningQueue } from '../../src/keys/signing-queue.ts'
import { openSigner } from '../../src/keys/signer.ts'
import { testKeyPem } from '../kit.ts'

const key = createPrivateKey(testKeyPem())
const header: TokenHeader = { alg: 'RS256', typ: 'JWT', kid: 'a/k' }
const queueOf = (maxRunning: number) => createSigningQueue({ maxRunning, maxWaitMs: 10_000 }, () => performance.now())
const claims = { aud: 'jitsi', jti: 'x' } as Claims

describe('the signer', () => {
  it('signs RS256 with the header and claims as given, byte for byte', async () => {
    const signer = await openSigner('k', key, queueOf(4))
    const token = await signer.sign(header, claims)
    const [first, second] = token.split('.')
    expect(Buffer.from(first ?? '', 'base64url').toString()).toBe('{"alg":"RS256","typ":"JWT","kid":"a/k"}')
    expect(Buffer.from(second ?? '', 'base64url').toString()).toBe('{"aud":"jitsi","jti":"x"}')
    const verified = await compactVerify(token, createPublicKey(key))
    expect(verified.protectedHeader).toStrictEqual(header)
    expect(signer.keyId).toBe('k')
  })

  it('leaves the event loop free while it signs', async () => {
    const signer = await openSigner('k', key, queueOf(4))
    let turns = 0
    const timer = setInterval(() => (turns += 1), 0)
    await Promise.all(Array.from({ length: 40 }, () => signer.sign(header, claims)))
    clearInterval(timer)
    expect(turns).toBeGreaterThan(3)
  })

  it('releases its slot when a signature fails', async () => {
    const signer = await openSigner('k', key, queueOf(1))
    const loop: Record<string, unknown> = {}
    loop['self'] = loop
    await expect(signer.sign(header, loop as unknown as Claims)).rejects.toThrow('circular')
    await expect(signer.sign(header, claims)).resolves.toContain('.')
  })

  it('refuses a key that cannot sign RS256', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    await expect(openSigner('k', privateKey, queueOf(1))).rejects.toMatchObject({ name: 'KeyError' })
  })

  it('refuses a key whose private half was damaged', async () => {
    const der = key.export({ type: 'pkcs1', format: 'der' })
    const jwk = key.export({ format: 'jwk' })
    for (const part of [jwk.d, jwk.dp]) {
      const at = der.indexOf(Buffer.from(part ?? '', 'base64url').subarray(-40))
      der[at + 20] = (der[at + 20] ?? 0) ^ 1
    }
    const damaged = createPrivateKey({ key: der, type: 'pkcs1', format: 'der' })
    await expect(openSigner('k', damaged, queueOf(1))).rejects.toMatchObject({
      name: 'KeyError',
      message: 'the key k: its signatures do not verify with its public half; mount an intact key.',
    })
  })
})
