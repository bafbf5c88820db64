import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apiKeyCallers, newApiKey } from '../../src/callers/api-keys.ts'
import type { CallerPolicy } from '../../src/contract/policy.ts'

const caller = (id: string, ...hashes: string[]): CallerPolicy => ({
  id,
  apiKeySha256: hashes,
  roles: ['doctor'],
  scopes: ['tokens:issue'],
})

describe('an API key', () => {
  it('names its caller, holds 256 bits of chance, and is known by its hash alone', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,63}$/), (id) => {
        const { apiKey, sha256 } = newApiKey(id)
        const [, callerId, secret = ''] = /^jts_(.*)_([A-Za-z0-9_-]{43})$/.exec(apiKey) ?? []
        expect(callerId).toBe(id)
        expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
        expect(sha256).toBe(createHash('sha256').update(apiKey).digest('hex'))
        expect(newApiKey(id).apiKey).not.toBe(apiKey)
      }),
    )
  })

  it.each(['', 'A', 'a b', 'a_b', '-a', 'a'.repeat(65), 'é', '../a'])('is not made for the caller %j', (id) => {
    expect(() => newApiKey(id)).toThrow(RangeError)
  })
})

describe('a caller', () => {
  it('is known by each of its keys while they overlap, and by no other', async () => {
    const [old, next, gone] = [newApiKey('clinic'), newApiKey('clinic'), newApiKey('clinic')]
    const callers = apiKeyCallers([
      caller('clinic', old.sha256, next.sha256.toUpperCase()),
      caller('ward', newApiKey('ward').sha256),
    ])
    expect((await callers.authenticate(old.apiKey))?.id).toBe('clinic')
    expect((await callers.authenticate(next.apiKey))?.id).toBe('clinic')
    expect(await callers.authenticate(gone.apiKey)).toBeUndefined()
  })

  it('is not known by a key of somebody else, even with that hash in hand', async () => {
    const key = newApiKey('ward')
    const callers = apiKeyCallers([caller('clinic', key.sha256)])
    expect(await callers.authenticate(key.apiKey)).toBeUndefined()
    expect(await callers.authenticate(key.sha256)).toBeUndefined()
  })

  it('is nobody for any other text', async () => {
    const key = newApiKey('clinic')
    const callers = apiKeyCallers([caller('clinic', key.sha256)])
    const near = fc
      .tuple(fc.nat({ max: key.apiKey.length - 1 }), fc.string({ minLength: 0, maxLength: 2 }))
      .map(([at, text]) => key.apiKey.slice(0, at) + text + key.apiKey.slice(at + 1))
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), near), async (text) => {
        expect((await callers.authenticate(text))?.id).toBe(text === key.apiKey ? 'clinic' : undefined)
      }),
    )
  })
})
