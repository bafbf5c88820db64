import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { IssuerPolicy } from '../../../src/contract/policy/policy.ts'
import { claimAt, signedInUser } from '../../../src/rules/policy/identity.ts'

const issuer: IssuerPolicy = {
  issuer: 'https://id.example.org',
  audience: 'a',
  algorithms: ['RS256'],
  roleClaim: 'realm_access.roles',
  roles: { doctor: 'doctor', gp: 'doctor', patient: 'patient' },
  nameClaim: 'name',
  rooms: 'bharattelemed-.*',
}
const user = (claims: object, change: Partial<IssuerPolicy> = {}) =>
  signedInUser({ ...issuer, ...change }, claims as Record<string, unknown>)

describe('a claim', () => {
  it('is found by its name first, then by its path, and never in a prototype', () => {
    const claims = { 'https://example.org/roles': ['gp'], 'a.b': 1, a: { b: 2, c: { d: 3 } }, list: [{ x: 4 }] }
    expect(claimAt(claims, 'https://example.org/roles')).toStrictEqual(['gp'])
    expect(claimAt(claims, 'a.b')).toBe(1)
    expect(claimAt(claims, 'a.c.d')).toBe(3)
    expect(claimAt(claims, 'a.c.d.e')).toBeUndefined()
    for (const path of ['__proto__', 'constructor', 'a.constructor.name', 'list.length.x', 'toString', '']) {
      expect([path, claimAt(claims, path)]).toStrictEqual([path, undefined])
    }
  })

  it('is looked up without an exception, for all claims and paths', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (claims, path) => {
        claimAt(claims, path)
        expect(user({ ...claims, sub: 'x' }, { roleClaim: path, nameClaim: path })?.user?.id).toBe('x')
      }),
    )
  })
})

describe('a signed-in user', () => {
  it('has the roles that the issuer maps from the values of the role claim, and no others', () => {
    const roles = (value: unknown) => [...(user({ sub: 'x', realm_access: { roles: value } })?.roles ?? [])]
    expect(roles(['gp', 'doctor', 'admin', 7, null, ['patient']])).toStrictEqual(['doctor'])
    expect(roles('patient')).toStrictEqual(['patient'])
    expect(roles(['toString', '__proto__', 'constructor'])).toStrictEqual([])
    expect(roles('doctor patient')).toStrictEqual([])
    expect(roles(undefined)).toStrictEqual([])
  })

  it('requires a sub of 1 to 255 ASCII characters', () => {
    for (const sub of ['auth0|5f7c', 'a', 'x'.repeat(255), '7b0c2f0e-7d0a']) expect(user({ sub })?.user?.id).toBe(sub)
    for (const sub of [undefined, null, '', 7, 'x'.repeat(256), 'a b', 'a\n', 'é', ['a'], { a: 1 }])
      expect(user({ sub })).toBeUndefined()
  })

  it('has the name of the token if it is valid, and the e-mail address if it is valid and not marked as unverified', () => {
    expect(user({ sub: 'x', name: '  Asha Rao ' })?.user).toStrictEqual({ id: 'x', name: 'Asha Rao' })
    expect(user({ sub: 'x', name: 'a\u202eb' })?.user).toStrictEqual({ id: 'x' })
    expect(user({ sub: 'x', name: ['Asha'] })?.user).toStrictEqual({ id: 'x' })
    expect(user({ sub: 'x', email: 'a@b.in' })?.user).toStrictEqual({ id: 'x', email: 'a@b.in' })
    expect(user({ sub: 'x', email: 'a@b.in', email_verified: false })?.user).toStrictEqual({ id: 'x' })
    expect(user({ sub: 'x', email: 'not one' })?.user).toStrictEqual({ id: 'x' })
  })

  it('may issue tokens and has the rooms of the issuer', () => {
    expect(user({ sub: 'x' })).toMatchObject({ id: 'https://id.example.org', scopes: new Set(['tokens:issue']) })
    expect(user({ sub: 'x' }, { rooms: 'own' })?.rooms).toBe('own')
    expect(user({ sub: 'x' })?.rooms).toStrictEqual(/^(?:bharattelemed-.*)$/u)
  })
})
