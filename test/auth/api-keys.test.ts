import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createApiKeyCallers, newApiKey } from '../../src/auth/api-keys.ts'
import type { ApiKeyHash, CallerPolicy } from '../../src/contract/policy/policy.ts'
import { NOW } from '../kit.ts'

const caller = (id: string, ...hashes: ApiKeyHash[]): CallerPolicy => ({
  id,
  apiKeySha256: hashes,
  roles: ['doctor'],
  scopes: ['tokens:issue'],
})

describe('an API key', () => {
  it('contains its caller id and 256 random bits, and is stored as a hash only', () => {
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

  it.each(['', 'A', 'a b', 'a_b', '-a', 'a'.repeat(65), 'é', '../a'])('is refused for the caller id %j', (id) => {
    expect(() => newApiKey(id)).toThrow(RangeError)
  })
})

const rejected = (reason: string) => ({ code: 'unauthenticated', reason })

describe('a caller', () => {
  it('is found by each of its overlapping keys, and by no other key', () => {
    const [old, next, removed] = [newApiKey('clinic'), newApiKey('clinic'), newApiKey('clinic')]
    const find = createApiKeyCallers(
      [caller('clinic', old.sha256, next.sha256.toUpperCase()), caller('ward', newApiKey('ward').sha256)],
      () => NOW,
    )
    expect(find(old.apiKey)).toMatchObject({ id: 'clinic' })
    expect(find(next.apiKey)).toMatchObject({ id: 'clinic' })
    expect(find(removed.apiKey)).toStrictEqual(rejected('api-key'))
  })

  it('is found by a key from its notBefore on and before its notAfter', () => {
    const { apiKey, sha256 } = newApiKey('clinic')
    const at = (ms: number) => new Date(NOW + ms).toISOString()
    const isFound = (entry: ApiKeyHash) => {
      const found = createApiKeyCallers([caller('clinic', entry)], () => NOW)(apiKey)
      if ('code' in found) expect(found).toStrictEqual(rejected('api-key-validity'))
      return !('code' in found)
    }
    expect(isFound({ sha256 })).toBe(true)
    expect(isFound({ sha256, notBefore: at(0) })).toBe(true)
    expect(isFound({ sha256, notBefore: at(1) })).toBe(false)
    expect(isFound({ sha256, notAfter: at(1) })).toBe(true)
    expect(isFound({ sha256, notAfter: at(0) })).toBe(false)
    expect(isFound({ sha256, notBefore: at(-1), notAfter: at(1) })).toBe(true)
    expect(isFound({ sha256, notAfter: '2026-11-23T14:30:00.001+05:30' })).toBe(true)
    expect(isFound({ sha256, notAfter: '2026-11-23T14:30:00+05:30' })).toBe(false)
  })

  it('is not found by the key of another caller, even with the same hash', () => {
    const key = newApiKey('ward')
    const find = createApiKeyCallers([caller('clinic', key.sha256)], () => NOW)
    expect(find(key.apiKey)).toStrictEqual(rejected('api-key'))
    expect(find(key.sha256)).toStrictEqual(rejected('malformed'))
  })

  it('is not found by any other text', () => {
    const key = newApiKey('clinic')
    const find = createApiKeyCallers([caller('clinic', key.sha256)], () => NOW)
    const almostKey = fc
      .tuple(fc.nat({ max: key.apiKey.length - 1 }), fc.string({ minLength: 0, maxLength: 2 }))
      .map(([at, text]) => key.apiKey.slice(0, at) + text + key.apiKey.slice(at + 1))
    fc.assert(
      fc.property(fc.oneof(fc.string(), almostKey), (text) => {
        expect(find(text)).toMatchObject(text === key.apiKey ? { id: 'clinic' } : { code: 'unauthenticated' })
      }),
    )
  })
})
