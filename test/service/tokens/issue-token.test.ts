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
const requester = { caller, requestId: 'r' }

const signingWith = (sign: Signer['sign']) => ({
  signer: () => ({ keyId: 'k', sign, signStatement: () => Promise.reject(new Error('no checkpoint is taken here')) }),
})

function depsWith(change: Partial<IssueTokenDeps>): IssueTokenDeps & { entries: AuditEntry[]; steps: string[] } {
  const entries: AuditEntry[] = []
  const steps: string[] = []
  return {
    policy: () => createPolicy(BUILT_IN_POLICY),
    deployment: jaas('vpaas-magic-cookie-00', '8x8.vc'),
    clock: () => NOW,
    newId: () => 'an-id',
    keys: signingWith(async () => (steps.push('signed'), 'a.b.c')),
    ledger: {
      append: async (entry) => (steps.push('recorded'), `chain:${entries.push(entry)}`),
      probe: async () => undefined,
    },
    limiter: createMemoryLimiter(() => 0),
    consultations: {} as IssueTokenDeps['consultations'],
    revoked: { isRevoked: () => false },
    changeBus: { publish: () => undefined, subscribe: () => () => undefined },
    waitingTimeoutMs: 60_000,
    limits: { perUser: 30, perRoom: 60 },
    metrics: { countIssued: () => undefined, countRefusal: () => undefined },
    trace: (_name, work) => work(),
    entries,
    steps,
    ...change,
  }
}

describe('issuing a token', () => {
  it('signs, then records, then answers', async () => {
    const deps = depsWith({})
    const answer = await issueToken(deps, requester, DOCTOR)
    deps.steps.push('answered')
    expect(answer).toMatchObject({ token: 'a.b.c' })
    expect(deps.steps).toStrictEqual(['signed', 'recorded', 'answered'])
  })

  it('returns no token before its entry is written', async () => {
    let write: (position: string) => void = () => undefined
    const written = new Promise<string>((resolve) => (write = resolve))
    const deps = depsWith({ ledger: { append: () => written, probe: async () => undefined } })
    const answer = issueToken(deps, requester, DOCTOR)
    const first = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 30, 'waiting'))])
    expect(first).toBe('waiting')
    write('chain:1')
    await expect(answer).resolves.toMatchObject({ token: 'a.b.c' })
  })

  it('returns neither a token nor a refusal when the ledger fails', async () => {
    const append = () => Promise.reject(new ServiceFault('record-unavailable'))
    const deps = depsWith({ ledger: { append, probe: append } })
    await expect(issueToken(deps, requester, DOCTOR)).rejects.toThrow('record-unavailable')
    await expect(issueToken(deps, requester, { ...DOCTOR, userRole: 'nurse' })).rejects.toThrow('record-unavailable')
  })

  it('applies a policy that is reloaded while the token is signed', async () => {
    const strict = { ...BUILT_IN_POLICY, roles: { patient: BUILT_IN_POLICY.roles['patient'] } } as PolicyFile
    let policy = createPolicy(BUILT_IN_POLICY)
    const sign = async () => {
      policy = createPolicy(strict)
      return 'a.b.c'
    }
    const deps = depsWith({ policy: () => policy, keys: signingWith(sign) })
    expect(await issueToken(deps, requester, DOCTOR)).toMatchObject({ code: 'invalid-request' })
    expect(deps.entries.map(({ outcome }) => outcome)).toStrictEqual(['issued', 'refused'])
  })

  it('records no issued token when signing fails', async () => {
    const deps = depsWith({ keys: signingWith(() => Promise.reject(new ServiceFault('overloaded'))) })
    await expect(issueToken(deps, requester, DOCTOR)).rejects.toThrow('overloaded')
    expect(deps.entries).toStrictEqual([])
  })

  it('signs nothing for a refused request', async () => {
    const deps = depsWith({})
    await issueToken(deps, { ...requester, caller: { ...caller, roles: new Set() } }, DOCTOR)
    expect(deps.steps).toStrictEqual(['recorded'])
    expect(deps.entries).toStrictEqual([
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

  it('a refusal that cannot be recorded: 503', async () => {
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

  it('an unexpected error: 500, its message is in the log only', async () => {
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
