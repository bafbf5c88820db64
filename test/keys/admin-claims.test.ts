import { setImmediate } from 'node:timers/promises'
import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createAdminClaims } from '../../src/keys/admin-claims.ts'
import type { Grant } from '../../src/rules/tokens/evaluate.ts'
import { claimsOf } from '../../src/rules/tokens/claims.ts'
import { jaas } from '../../src/rules/tokens/deployment.ts'
import { APP_ID, CLINIC, DOCTOR, NOW, POLICY, startService, UNLIMITED } from '../kit.ts'
import { policyWithIssuer, startIssuer } from '../support/oidc.ts'

const ADMIN = { admin: true, context: { admin: true, user: { admin: true } } }

/** The settings with which the service creates management tokens. */
const MANAGED = { JAAS_MANAGEMENT: 'on', JAAS_MANAGEMENT_URL: 'https://127.0.0.1:9' }

describe('the claim for the management endpoints', () => {
  it('is in a token that is valid for a minute, without a room, a context and a jti', () => {
    expect(createAdminClaims(jaas('vpaas-magic-cookie-00ff', '8x8.vc'), NOW + 999)).toStrictEqual({
      aud: 'jitsi',
      iss: 'chat',
      sub: 'vpaas-magic-cookie-00ff',
      nbf: 1_795_424_390,
      exp: 1_795_424_450,
      admin: true,
    })
  })

  it('is never in a token for a meeting, whatever was granted', () => {
    const granted = {
      ...ADMIN,
      room: 'room',
      user: { ...ADMIN, id: 'u', name: 'n' },
      role: 'admin',
      rolePolicy: { ...ADMIN, moderator: true, lifetimeMinutes: { default: 90, max: 90 }, features: ['admin'] },
      lifetimeSeconds: 300,
    } as unknown as Grant
    expect(JSON.stringify(claimsOf(jaas(APP_ID, '8x8.vc'), granted, NOW, 'id'))).not.toContain('admin')
  })

  it('is not in a token of any route, with any method', async () => {
    const policy = POLICY.replace('"tokens:issue"', '"tokens:issue", "tokens:inspect", "audit:read"')
    const { app } = await startService({ ...MANAGED, ...UNLIMITED }, undefined, policy)
    const { paths } = parse((await app.inject('/openapi.yaml')).body) as { paths: Record<string, object> }
    const tokens: string[] = []
    for (const path of Object.keys(paths)) {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const) {
        for (const payload of [DOCTOR, { ...DOCTOR, ...ADMIN }, ADMIN]) {
          const { body } = await app.inject({
            method,
            url: `${path}?admin=true`,
            headers: { authorization: `Bearer ${CLINIC.apiKey}` },
            ...(method === 'GET' ? {} : { payload }),
          })
          // Without a turn of the event loop, the next request would be refused as overload.
          await setImmediate()
          tokens.push(...(body.match(/[\w-]+\.eyJ[\w-]+\.[\w-]+/g) ?? []))
        }
      }
    }
    expect([Object.keys(paths).length, tokens.length].every((count) => count > 0)).toBe(true)
    expect(tokens.filter((each) => 'admin' in decodeJwt(each))).toStrictEqual([])
  })

  it('is not copied from the access token of a signed-in user', async () => {
    const issuer = await startIssuer()
    const { clientOf } = await startService(
      { NODE_ENV: 'test', ...MANAGED },
      undefined,
      policyWithIssuer(issuer.url, {}),
    )
    const user = clientOf(await issuer.sign({ ...ADMIN, roles: ['patient', 'admin'] }))
    const { token } = await user.issueToken({ roomId: DOCTOR.roomId })
    expect(JSON.stringify(decodeJwt(token))).not.toContain('admin')
  })
})
