import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Claims, TokenHeader } from '../../../src/contract/tokens/claims.ts'
import { BUILT_IN_POLICY } from '../../../src/contract/policy/policy.ts'
import { claimsOf, tokenHeader } from '../../../src/rules/tokens/claims.ts'
import { type Deployment, jaas, selfHosted } from '../../../src/rules/tokens/deployment.ts'
import { createPolicy, createRoleCaller } from '../../../src/rules/policy/policy.ts'
import { evaluate, type Grant } from '../../../src/rules/tokens/evaluate.ts'
import {
  isIssuedSince,
  isRenewableAt,
  isReuse,
  RENEWABLE_SECONDS,
  parseRenewableToken,
  renewalRequest,
} from '../../../src/rules/tokens/renewal.ts'
import { APP_ID, NOW } from '../../kit.ts'

const JAAS = jaas(APP_ID, '8x8.vc')
const SHARED = selfHosted({
  domain: 'meet.example.org',
  issuer: 'clinic',
  audience: 'clinic',
  subject: 'meet.example.org',
  algorithm: 'HS256',
})
const policy = createPolicy(BUILT_IN_POLICY)
const rolePolicy = BUILT_IN_POLICY.roles['patient']
if (rolePolicy === undefined) throw new Error('the built-in policy has patients')

const grants: fc.Arbitrary<Grant> = fc
  .record({ lifetimeSeconds: fc.integer({ min: 1, max: 7200 }), avatar: fc.boolean(), email: fc.boolean() })
  .map(({ lifetimeSeconds, avatar, email }) => ({
    room: 'bharattelemed-p1-d1-1',
    user: {
      id: 'patient-1',
      name: 'Asha Rao',
      ...(avatar ? { avatar: 'https://cdn.example.org/a.png' } : {}),
      ...(email ? { email: 'asha@example.org' } : {}),
    },
    role: 'patient',
    rolePolicy,
    lifetimeSeconds,
  }))

const partsOf = (header: TokenHeader, claims: Claims) => ({ header: { ...header }, claims: { ...claims } })

const made = (deployment: Deployment, grant: Grant) =>
  partsOf(
    tokenHeader(deployment, deployment.algorithm === 'HS256' ? undefined : 'k1'),
    claimsOf(deployment, grant, NOW, 'jti-1'),
  )

it('every token of this service can be renewed until ten minutes after its expiry, and not a millisecond longer', () => {
  fc.assert(
    fc.property(fc.constantFrom(JAAS, SHARED), grants, fc.nat({ max: 8000 }), (deployment, grant, afterSeconds) => {
      const parts = made(deployment, grant)
      const { lifetimeSeconds, room, user } = grant
      const lastMs = NOW + (lifetimeSeconds + RENEWABLE_SECONDS) * 1000
      const then = Math.min(NOW + afterSeconds * 1000, lastMs)
      const fields = {
        roomId: room,
        userId: user.id,
        userName: user.name,
        ...(user.avatar === undefined ? {} : { userAvatar: user.avatar }),
        ...(user.email === undefined ? {} : { userEmail: user.email }),
      }
      const token = parseRenewableToken(parts, deployment)
      expect(token).toStrictEqual({
        ...{ jti: 'jti-1', fields, moderator: false, lifetimeSeconds },
        ...{ issuedAt: NOW, validFrom: NOW - 10_000, expiresAt: NOW + lifetimeSeconds * 1000 },
      })
      if (token === undefined) return
      expect([then, lastMs + 1, NOW - 10_001].map((at) => isRenewableAt(token, at))).toStrictEqual([true, false, false])
      expect(parseRenewableToken(parts, deployment === JAAS ? SHARED : JAAS)).toBeUndefined()
    }),
  )
})

it('a renewal requests the same person and room, and never expires before the old token unless the policy says so', () => {
  fc.assert(
    fc.property(grants, fc.integer({ min: 5, max: 240 }), (grant, maxLifetimeMinutes) => {
      const old = parseRenewableToken(made(JAAS, grant), JAAS)
      if (old === undefined) throw new Error('a token of this service')
      const caller = { ...createRoleCaller('desk', 'patient'), maxLifetimeMinutes }
      const request = renewalRequest(policy, caller, old, 'patient')
      const { rooms: _anyRoom, ...free } = caller
      const again = evaluate(policy, free, { ...request, userRole: 'patient' }, undefined, 0)
      if (!('room' in again)) throw new Error('not granted')
      expect(again).toMatchObject({ room: grant.room, user: { id: grant.user.id, name: grant.user.name } })
      const most = Math.min(maxLifetimeMinutes, rolePolicy.lifetimeMinutes.max) * 60
      const wholeMinutes = Math.ceil(grant.lifetimeSeconds / 60) * 60
      expect(again.lifetimeSeconds).toBe(Math.min(most, Math.max(300, wholeMinutes)))
      if (again.lifetimeSeconds < most) expect(again.lifetimeSeconds).toBeGreaterThanOrEqual(grant.lifetimeSeconds)
    }),
  )
})

it('a token counts as issued since the role began unless it is from an earlier second', () => {
  const token = (issuedAt: number) => ({
    jti: 'j',
    issuedAt,
    validFrom: issuedAt,
    expiresAt: issuedAt + 1000,
    lifetimeSeconds: 1,
    fields: { roomId: 'r', userId: 'u', userName: 'n' },
    moderator: false,
  })
  const participant = { userId: 'u', role: 'patient', since: NOW + 999 }
  expect(isIssuedSince(token(NOW), participant)).toBe(true)
  expect(isIssuedSince(token(NOW - 1000), participant)).toBe(false)
})

it('a token is reused by a renewal more than a minute after its first one', () => {
  expect([undefined, NOW, NOW - 60_000, NOW - 60_001].map((first) => isReuse(first, NOW))).toStrictEqual([
    false,
    false,
    false,
    true,
  ])
})
