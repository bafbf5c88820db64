import { createPrivateKey } from 'node:crypto'
import { copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { openRecord } from '../../src/app/open-record.ts'
import type { Claims } from '../../src/contract/tokens/claims.ts'
import { type KeyLocation, readKeyFiles } from '../../src/keys/key-ring.ts'
import { createSigningQueue } from '../../src/keys/signing-queue.ts'
import { watchKeys } from '../../src/reload/key-reload.ts'
import type { Schedule } from '../../src/reload/activation.ts'
import { selfHosted } from '../../src/rules/tokens/deployment.ts'
import { NOW, readEntries, secondKeyPem, tempDir, testKeyPem } from '../kit.ts'

const MAX_AGE_SECONDS = 300
/** Milliseconds from the publication of a key until it signs. */
const WAIT_MS = 305_000

const CLINIC = selfHosted({
  ...{ domain: 'meet.test', issuer: 'clinic', audience: 'jitsi', subject: 'meet.test', algorithm: 'RS256' },
})

const place = (dir: string, name: string, text: string) => writeFileSync(join(dir, name), text, { mode: 0o600 })

/** @returns a private key in PEM, whose signatures do not verify with its public half */
function damagedPem(): string {
  const key = createPrivateKey(secondKeyPem())
  const der = key.export({ type: 'pkcs1', format: 'der' })
  const jwk = key.export({ format: 'jwk' })
  for (const part of [jwk.d, jwk.dp]) {
    const at = der.indexOf(Buffer.from(part ?? '', 'base64url').subarray(-40))
    der[at + 20] = (der[at + 20] ?? 0) ^ 1
  }
  return `-----BEGIN RSA PRIVATE KEY-----\n${der.toString('base64')}\n-----END RSA PRIVATE KEY-----\n`
}

/** A clock that moves only by `wait`, and runs what is scheduled when it is due. */
class FakeTime {
  now = NOW
  private readonly tasks = new Set<{ at: number; run: () => void }>()
  readonly clock = () => this.now
  readonly schedule: Schedule = (run, delayMs) => {
    const task = { at: this.now + delayMs, run }
    this.tasks.add(task)
    return () => void this.tasks.delete(task)
  }

  /** How many calls are scheduled. */
  scheduled(): number {
    return this.tasks.size
  }

  /** Moves to a time. @param settle waits for what a task began */
  async moveTo(end: number, settle: () => Promise<unknown>): Promise<void> {
    for (;;) {
      const [first] = [...this.tasks].toSorted((one, other) => one.at - other.at)
      if (first === undefined || first.at > end) break
      this.now = first.at
      this.tasks.delete(first)
      first.run()
      await settle()
    }
    this.now = end
  }
}

/** A key folder in which `one` signs, and a database. */
function openFolder() {
  const keysDir = tempDir()
  place(keysDir, 'one.pem', testKeyPem())
  const database = join(tempDir(), 'service.db')
  copyFileSync(inject('emptyDatabase'), database)
  return { keysDir, database }
}

/** An instance that reads its keys only when it is told to. */
async function openInstance(
  { keysDir, database }: ReturnType<typeof openFolder>,
  { clock, schedule }: FakeTime,
  selection: Partial<KeyLocation> = {},
) {
  const settings = { DATABASE_URL: `sqlite:${database}`, AUDIT_PSEUDONYM_KEY: undefined }
  const { register, ledger, close } = await openRecord(settings, 'w')
  const events: string[] = []
  const state = { isDown: false }
  const registerOrFault: typeof register = {
    ...register,
    list: () => (state.isDown ? Promise.reject(new Error('database down')) : register.list()),
  }
  const queue = createSigningQueue({ maxRunning: 4, maxWaitMs: 10_000 }, () => performance.now())
  const read = (before?: { active: { id: string } }) => readKeyFiles({ keysDir, ...selection }, before)
  const keys = await watchKeys(
    { paths: [], read },
    read(),
    CLINIC,
    { register: registerOrFault, ledger, clock, newId: () => 'r', queue, maxAgeSeconds: MAX_AGE_SECONDS, schedule },
    {
      onKeysReload: ({ fault }) => (fault === undefined ? undefined : events.push((fault as Error).message)),
      onFilesDetached: () => undefined,
      onKeyPending: (kid, at) => events.push(`${kid} pending until ${at - NOW}`),
      onKeyActivated: (kid) => events.push(`${kid} activated`),
    },
  )
  const end = async () => {
    keys.close()
    await keys.reload()
    await close()
  }
  let ended: Promise<void> | undefined
  const endOnce = () => (ended ??= end())
  onTestFinished(endOnce)
  return {
    ...{ keys, events, state, end: endOnce },
    signs: () => keys.signer().keyId,
    jwks: () => JSON.parse(keys.publication().jwks) as JSONWebKeySet,
    issue: () => keys.signer().sign({ alg: 'RS256', typ: 'JWT', kid: keys.signer().keyId ?? '' }, {} as Claims),
  }
}

/** @returns the entries about keys, such as `key.active one` */
const recorded = (database: string) =>
  readEntries(database)
    .filter(({ action }) => String(action).startsWith('key.'))
    .map(({ action, kid }) => `${action} ${kid}`)

describe('a key that is activated', () => {
  it('signs only when verifiers have fetched it, says when, and is recorded then', async () => {
    const folder = openFolder()
    const time = new FakeTime()
    const { keys, events, signs } = await openInstance(folder, time)
    place(folder.keysDir, 'two.pem', secondKeyPem())
    await keys.reload()
    await time.moveTo(NOW + 3000, keys.reload)
    place(folder.keysDir, 'active', 'two\n')
    await keys.reload()
    expect([signs(), keys.status()]).toStrictEqual([
      'one',
      { activeSince: NOW, states: ['active', 'next'], pendingUntil: NOW + WAIT_MS },
    ])
    expect(keys.stateOf('two')).toBe('next')
    await time.moveTo(NOW + WAIT_MS - 1, keys.reload)
    expect(signs()).toBe('one')
    expect(recorded(folder.database)).toStrictEqual(['key.active one', 'key.next two'])
    await time.moveTo(NOW + WAIT_MS, keys.reload)
    expect([signs(), keys.status()]).toStrictEqual([
      'two',
      { activeSince: NOW, states: ['active', 'next'], pendingUntil: undefined },
    ])
    expect(recorded(folder.database).slice(2)).toStrictEqual(['key.active two', 'key.next one'])
    expect(events).toStrictEqual([`two pending until ${WAIT_MS}`, 'two activated'])
    expect(time.scheduled()).toBe(0)
  })

  it('signs at once if it was published for long enough, and if it is the first one', async () => {
    const folder = openFolder()
    const time = new FakeTime()
    place(folder.keysDir, 'two.pem', secondKeyPem())
    place(folder.keysDir, 'active', 'one')
    const { keys, events, signs } = await openInstance(folder, time)
    expect([signs(), events]).toStrictEqual(['one', []])
    await time.moveTo(NOW + WAIT_MS, keys.reload)
    place(folder.keysDir, 'active', 'two')
    await keys.reload()
    expect([signs(), events]).toStrictEqual(['two', ['two activated']])
    // So does the key that signed before.
    place(folder.keysDir, 'active', 'one')
    await keys.reload()
    expect(signs()).toBe('one')
  })

  it('signs at once with `now`, also during the wait', async () => {
    const folder = openFolder()
    const time = new FakeTime()
    const { keys, events, signs } = await openInstance(folder, time)
    place(folder.keysDir, 'two.pem', secondKeyPem())
    place(folder.keysDir, 'active', 'two')
    await keys.reload()
    expect(signs()).toBe('one')
    place(folder.keysDir, 'active', 'two now\n')
    await keys.reload()
    expect([signs(), time.scheduled()]).toStrictEqual(['two', 0])
    expect(events).toStrictEqual([`two pending until ${WAIT_MS}`, 'two activated'])
  })

  it('signs at once if the private key that signed is removed', async () => {
    const folder = openFolder()
    const { keys, signs } = await openInstance(folder, new FakeTime())
    place(folder.keysDir, 'two.pem', secondKeyPem())
    place(folder.keysDir, 'active', 'two')
    rmSync(join(folder.keysDir, 'one.pem'))
    await keys.reload()
    expect([signs(), keys.status()?.pendingUntil]).toStrictEqual(['two', undefined])
  })

  it('does not sign if another key is activated during the wait', async () => {
    const folder = openFolder()
    const time = new FakeTime()
    const { keys, events, signs } = await openInstance(folder, time)
    place(folder.keysDir, 'two.pem', secondKeyPem())
    place(folder.keysDir, 'active', 'two')
    await keys.reload()
    place(folder.keysDir, 'active', 'one')
    await keys.reload()
    expect([keys.status()?.pendingUntil, time.scheduled()]).toStrictEqual([undefined, 0])
    await time.moveTo(NOW + WAIT_MS, keys.reload)
    expect([signs(), events]).toStrictEqual(['one', [`two pending until ${WAIT_MS}`]])
  })

  it('waits also if SIGNING_KEY_ID or SIGNING_KEY_FILE selects it', async () => {
    const folder = openFolder()
    const time = new FakeTime()
    await (await openInstance(folder, time, { signingKeyId: 'one' })).end()
    place(folder.keysDir, 'two.pem', secondKeyPem())
    const byId = await openInstance(folder, time, { signingKeyId: 'two' })
    expect([byId.signs(), byId.events]).toStrictEqual(['one', [`two pending until ${WAIT_MS}`]])
    await byId.end()
    rmSync(join(folder.keysDir, 'two.pem'))
    const signingKeyFile = join(tempDir(), 'secret')
    writeFileSync(signingKeyFile, secondKeyPem(), { mode: 0o600 })
    const byFile = await openInstance(folder, time, { signingKeyId: 'two', signingKeyFile })
    expect([byFile.signs(), byFile.jwks().keys.map(({ kid }) => kid)]).toStrictEqual(['one', ['one', 'two']])
    await time.moveTo(NOW + WAIT_MS, byFile.keys.reload)
    expect(byFile.signs()).toBe('two')
  })

  it('waits on after a restart, until the same time', async () => {
    const folder = openFolder()
    const time = new FakeTime()
    const first = await openInstance(folder, time)
    place(folder.keysDir, 'two.pem', secondKeyPem())
    place(folder.keysDir, 'active', 'two')
    await first.keys.reload()
    await first.end()
    expect(time.scheduled()).toBe(0)
    await time.moveTo(NOW + 100_000, async () => undefined)
    const second = await openInstance(folder, time)
    expect([second.signs(), second.events]).toStrictEqual(['one', [`two pending until ${WAIT_MS}`]])
    await time.moveTo(NOW + WAIT_MS, second.keys.reload)
    expect(second.signs()).toBe('two')
    await second.end()
    expect((await openInstance(folder, time)).signs()).toBe('two')
  })

  it('is tried again if the database is unavailable when it is due', async () => {
    const folder = openFolder()
    const time = new FakeTime()
    const { keys, events, state, signs } = await openInstance(folder, time)
    place(folder.keysDir, 'two.pem', secondKeyPem())
    place(folder.keysDir, 'active', 'two')
    await keys.reload()
    state.isDown = true
    await time.moveTo(NOW + WAIT_MS + 15_000, keys.reload)
    expect([signs(), keys.isStale()]).toStrictEqual(['one', true])
    state.isDown = false
    await time.moveTo(NOW + WAIT_MS + 60_000, keys.reload)
    expect([signs(), keys.isStale()]).toStrictEqual(['two', false])
    expect(events.filter((event) => event.startsWith('two'))).toStrictEqual([
      `two pending until ${WAIT_MS}`,
      'two activated',
    ])
  })
})

describe('two instances', () => {
  it('activate a key at the same time', async () => {
    const folder = openFolder()
    const time = new FakeTime()
    const one = await openInstance(folder, time)
    const other = await openInstance(folder, time)
    const both = () => Promise.all([one.keys.reload(), other.keys.reload()])
    place(folder.keysDir, 'two.pem', secondKeyPem())
    place(folder.keysDir, 'active', 'two')
    await one.keys.reload()
    await time.moveTo(NOW + 2000, both)
    await other.keys.reload()
    // The wait begins when the last instance publishes the key.
    await time.moveTo(NOW + WAIT_MS + 1999, both)
    expect([one.signs(), other.signs()]).toStrictEqual(['one', 'one'])
    await time.moveTo(NOW + WAIT_MS + 2000, async () => {
      await one.keys.reload()
      await other.keys.reload()
    })
    expect([one.signs(), other.signs()]).toStrictEqual(['two', 'two'])
    // Both can record the same change, each in its own chain.
    expect(new Set(recorded(folder.database))).toStrictEqual(
      new Set(['key.active one', 'key.next two', 'key.active two', 'key.next one']),
    )
  })

  it('follow the one that activated a key with `now`', async () => {
    const folder = openFolder()
    const time = new FakeTime()
    const one = await openInstance(folder, time)
    const other = await openInstance(folder, time)
    place(folder.keysDir, 'two.pem', secondKeyPem())
    place(folder.keysDir, 'active', 'two now')
    await one.keys.reload()
    await other.keys.reload()
    expect([one.signs(), other.signs()]).toStrictEqual(['two', 'two'])
    expect(recorded(folder.database)).toHaveLength(3)
  })
})

it('a verifier that caches the keys for their max-age knows the key of every token', async () => {
  const folder = openFolder()
  const time = new FakeTime()
  const { keys, jwks, issue, signs } = await openInstance(folder, time)
  const verifiers: { fetchedAt: number; jwks: JSONWebKeySet }[] = []
  const seen = new Set<string>()
  for (let second = 0; second <= 700; second += 20) {
    await time.moveTo(NOW + second * 1000, keys.reload)
    if (second === 40) place(folder.keysDir, 'two.pem', secondKeyPem())
    if (second === 40) place(folder.keysDir, 'active', 'two')
    // A verifier that fetches in the moment before the key is published knows it last.
    verifiers.push({ fetchedAt: time.now, jwks: jwks() })
    await keys.reload()
    const token = await issue()
    seen.add(String(signs()))
    const caching = verifiers.filter(({ fetchedAt }) => time.now - fetchedAt <= MAX_AGE_SECONDS * 1000)
    for (const verifier of caching) {
      await expect(jwtVerify(token, createLocalJWKSet(verifier.jwks))).resolves.toBeDefined()
    }
  }
  expect([...seen]).toStrictEqual(['one', 'two'])
})

it('a key that cannot sign is refused when it is selected, and the others stay in use', async () => {
  const folder = openFolder()
  const { keys, events, signs, jwks } = await openInstance(folder, new FakeTime())
  place(folder.keysDir, 'two.pem', damagedPem())
  place(folder.keysDir, 'active', 'two')
  await keys.reload()
  expect([signs(), jwks().keys.length, keys.isStale()]).toStrictEqual(['one', 1, true])
  expect(events).toStrictEqual([expect.stringContaining('the key two: its signatures do not verify')])
})
