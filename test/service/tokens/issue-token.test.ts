import { describe, expect, it } from 'vitest'
import type { AuditEntry } from '../../../src/contract/audit/audit-entry.ts'
import { BUILT_IN_POLICY, type PolicyFile } from '../../../src/contract/policy/policy.ts'
import { createMemoryLimiter } from '../../../src/limits/memory.ts'
import { createCaller, createPolicy } from '../../../src/rules/policy/policy.ts'
import { jaas } from '../../../src/rules/tokens/deployment.ts'
import type { Signer } from '../../../src/service/keys/ports.ts'
import { ServiceFault } from '../../../src/service/fault.ts'
import { type IssueTokenDeps, issueToken } from '../../../src/service/tokens/issue-token.ts'
import { DOCTOR, NOW, startService } from '../../kit.ts'

const SECRET = 'secret9c1e'
const caller = createCaller({ id: 'c', apiKeySha256: [], roles: ['doctor', 'patient'], scopes: ['tokens:issue'] })
const asking = { caller, requestId: 'r' }

const signingWith = (sign: Signer['sign']) => ({
  signer: () => ({ keyId: 'k', sign, signStatement: () => Promise.reject(new Error('no checkpoint is taken here')) }),
})

function partsWith(change: Partial<IssueTokenDeps>): IssueTokenDeps & { kept: AuditEntry[]; done: string[] } {
  const kept: AuditEntry[] = []
  const done: string[] = []
  return {
    policy: () => createPolicy(BUILT_IN_POLICY),
    deployment: jaas('vpaas-magic-cookie-00', '8x8.vc'),
    clock: () => NOW,
    newId: () => 'an-id',
    keys: signingWith(async () => (done.push('signed'), 'a.b.c')),
    ledger: { append: async (entry) => void (done.push('kept'), kept.push(entry)), probe: async () => undefined },
    limiter: createMemoryLimiter(() => 0),
    consultations: {} as IssueTokenDeps['consultations'],
    revoked: { isRevoked: () => false },
    changeBus: { publish: () => undefined, subscribe: () => () => undefined },
    limits: { perUser: 30, perRoom: 60 },
    metrics: { countIssued: () => undefined, countRefusal: () => undefined },
    trace: (_name, work) => work(),
    kept,
    done,
    ...change,
  }
}

describe('the door', () => {
  it('signs, then records, then answers', async () => {
    const parts = partsWith({})
    const answer = await issueToken(parts, asking, DOCTOR)
    parts.done.push('answered')
    expect(answer).toMatchObject({ token: 'a.b.c' })
    expect(parts.done).toStrictEqual(['signed', 'kept', 'answered'])
  })

  it('lets no token out while its entry waits', async () => {
    let keep: () => void = () => undefined
    const held = new Promise<void>((resolve) => (keep = resolve))
    const parts = partsWith({ ledger: { append: () => held, probe: () => held } })
    const answer = issueToken(parts, asking, DOCTOR)
    const first = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 30, 'waiting'))])
    expect(first).toBe('waiting')
    keep()
    await expect(answer).resolves.toMatchObject({ token: 'a.b.c' })
  })

  it('lets nothing out when the ledger fails, and no refusal either', async () => {
    const append = () => Promise.reject(new ServiceFault('record-unavailable'))
    const parts = partsWith({ ledger: { append, probe: append } })
    await expect(issueToken(parts, asking, DOCTOR)).rejects.toThrow('record-unavailable')
    await expect(issueToken(parts, asking, { ...DOCTOR, userRole: 'nurse' })).rejects.toThrow('record-unavailable')
  })

  it('decides by the policy that is in force when the token is signed', async () => {
    const strict = { ...BUILT_IN_POLICY, roles: { patient: BUILT_IN_POLICY.roles['patient'] } } as PolicyFile
    let policy = createPolicy(BUILT_IN_POLICY)
    const sign = async () => {
      policy = createPolicy(strict)
      return 'a.b.c'
    }
    const deps = partsWith({ policy: () => policy, keys: signingWith(sign) })
    expect(await issueToken(deps, asking, DOCTOR)).toMatchObject({ code: 'invalid-request' })
    expect(deps.kept.map(({ outcome }) => outcome)).toStrictEqual(['issued', 'refused'])
  })

  it('records nothing as issued that was not signed', async () => {
    const parts = partsWith({ keys: signingWith(() => Promise.reject(new ServiceFault('overloaded'))) })
    await expect(issueToken(parts, asking, DOCTOR)).rejects.toThrow('overloaded')
    expect(parts.kept).toStrictEqual([])
  })

  it('signs nothing for who is refused', async () => {
    const parts = partsWith({})
    await issueToken(parts, { ...asking, caller: { ...caller, roles: new Set() } }, DOCTOR)
    expect(parts.done).toStrictEqual(['kept'])
    expect(parts.kept).toStrictEqual([
      {
        time: NOW,
        requestId: 'r',
        caller: 'c',
        action: 'token.issue',
        outcome: 'refused',
        code: 'role-not-allowed',
        room: DOCTOR.roomId,
        userId: DOCTOR.userId,
        role: 'doctor',
      },
    ])
  })
})

describe('over HTTP', () => {
  const failing = () => Promise.reject(new ServiceFault('record-unavailable', { cause: new Error('disk I/O error') }))

  it('ledger fails: 503, Retry-After, no token, and not ready', async () => {
    const { app, client, logLines } = await startService({}, () => ({ ledger: { append: failing, probe: failing } }))
    const error: unknown = await client.issueToken(DOCTOR).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ status: 503, code: 'record-unavailable', retryAfterSeconds: 5 })
    expect(JSON.stringify(error)).not.toMatch(/eyJ/)
    expect(logLines.join('')).toContain('disk I/O error')
    const ready = await app.inject('/readyz')
    expect(ready.statusCode).toBe(503)
    expect(ready.json()).toStrictEqual({
      ready: false,
      checks: { signingKey: 'ok', keyRing: 'ok', store: 'failing', accepting: 'ok' },
    })
    expect((await app.inject('/livez')).statusCode).toBe(200)
  })

  it('a refusal that cannot be recorded is told as 503 too', async () => {
    const { client } = await startService({}, () => ({ ledger: { append: failing, probe: failing } }))
    const refused = client.issueToken({ ...DOCTOR, userId: '' })
    await expect(refused).rejects.toMatchObject({ status: 503, code: 'record-unavailable' })
  })

  it('too many signatures wait: 503 overloaded, nothing recorded', async () => {
    const { client, entries } = await startService({}, ({ keys }) => ({
      keys: { ...keys, ...signingWith(() => Promise.reject(new ServiceFault('overloaded'))) },
    }))
    await expect(client.issueToken(DOCTOR)).rejects.toMatchObject({
      status: 503,
      code: 'overloaded',
      retryAfterSeconds: 1,
    })
    expect(entries()).toStrictEqual([])
  })

  it('a fault that nobody foresaw is told without its text, which goes to the log', async () => {
    const { client, app, logLines } = await startService({}, ({ keys }) => ({
      keys: { ...keys, ...signingWith(() => Promise.reject(new Error(`${SECRET} at line 7`))) },
    }))
    const error = await client.issueToken(DOCTOR).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ status: 500, code: 'fault' })
    expect(String(error)).not.toContain(SECRET)
    expect(logLines.join('')).toContain(SECRET)
    expect((await app.inject('/livez')).statusCode).toBe(200)
  })
})
