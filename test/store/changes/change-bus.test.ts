import { setImmediate, setTimeout as pause } from 'node:timers/promises'
import { join } from 'node:path'
import pg from 'pg'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { linkEntry } from '../../../src/rules/audit/chain.ts'
import { createEmbeddedChangeBus, type StoreChangeBus } from '../../../src/store/changes/change-bus.ts'
import { openStore } from '../../../src/store/open.ts'
import { NO_EVENTS } from '../../../src/service/events.ts'
import { openPostgresChangeBus } from '../../../src/store/changes/postgres-change-bus.ts'
import { tempDir, writersOf } from '../../kit.ts'
import { wireTo } from '../../support/wire.ts'
import { newPostgres } from '../engines/engines.ts'

const THERE = process.env['TEST_DATABASE_URL'] !== undefined
const skipped = THERE ? '' : ' (skipped: no TEST_DATABASE_URL)'

const ONE = '01980000-0000-7000-8000-000000000001'
const TWO = '01980000-0000-7000-8000-000000000002'
const THREE = '01980000-0000-7000-8000-000000000003'
const idOf = (count: number) => `01980000-0000-7000-8000-${String(count).padStart(12, '0')}`

const SERVER = process.env['TEST_DATABASE_URL'] ?? ''
const FAST = { heartbeatMs: 50, timeoutMs: 300, firstRetryMs: 10, longestRetryMs: 50 }

/** A changeBus of PostgreSQL that is up. */
async function openBell(url = SERVER, onError: (error: Error) => void = () => undefined): Promise<StoreChangeBus> {
  const changeBus = openPostgresChangeBus(url, onError, FAST)
  onTestFinished(() => changeBus.close())
  changeBus.subscribe(idOf(999_999), () => undefined)
  await isUp(changeBus)
  return changeBus
}

const isUp = (changeBus: StoreChangeBus) => vi.waitFor(() => expect(changeBus.up()).toBe(true), { timeout: 60_000 })

/** Counts what is heard of an id. */
function ears(changeBus: StoreChangeBus, id = ONE) {
  const heard = vi.fn<() => void>()
  const stop = changeBus.subscribe(id, heard)
  return { count: () => heard.mock.calls.length, stop }
}

const expectHeard = (ear: { count(): number }, times = 1) =>
  vi.waitFor(() => expect(ear.count()).toBe(times), { timeout: 60_000 })

/** Rings until it is heard: whatever was under way when a wire broke may be heard, too. */
const expectHeardAgain = (from: StoreChangeBus, ear: { count(): number }) => {
  const before = ear.count()
  return vi.waitFor(
    () => {
      from.publish(ONE)
      expect(ear.count()).toBeGreaterThan(before)
    },
    { timeout: 60_000 },
  )
}

async function administer(statement: string, values: unknown[] = []) {
  const admin = new pg.Client({ connectionString: SERVER })
  await admin.connect()
  const { rows } = await admin.query<Record<string, unknown>>(statement, values)
  await admin.end()
  return rows
}

const KINDS: [string, boolean, (onError?: (error: Error) => void) => Promise<StoreChangeBus>][] = [
  ['embedded', true, async (onError = () => undefined) => createEmbeddedChangeBus(onError)],
  [`of PostgreSQL${skipped}`, THERE, (onError) => openBell(SERVER, onError)],
]

describe.each(KINDS)('a changeBus %s', (_name, there, open) => {
  it.skipIf(!there)('is heard by all who listen to the id, and by nobody else', async () => {
    const changeBus = await open()
    const [first, second, other] = [ears(changeBus), ears(changeBus), ears(changeBus, TWO)]
    changeBus.publish(ONE)
    await expectHeard(first)
    expect([second.count(), other.count()]).toStrictEqual([1, 0])
  })

  it.skipIf(!there)('never calls a listener while it is rung', async () => {
    const changeBus = await open()
    const ear = ears(changeBus)
    changeBus.publish(ONE)
    await Promise.resolve()
    expect(ear.count()).toBe(0)
    await expectHeard(ear)
  })

  it.skipIf(!there)('rung many times at once is heard once, and again when it is rung again', async () => {
    const changeBus = await open()
    const ear = ears(changeBus)
    for (let count = 0; count < 100; count += 1) changeBus.publish(ONE)
    await expectHeard(ear)
    changeBus.publish(ONE)
    await expectHeard(ear, 2)
  })

  it.skipIf(!there)(
    'is heard no more by whoever stopped, even by somebody who stops twice or while others are told',
    async () => {
      const changeBus = await open()
      const heard = vi.fn<() => void>()
      const [stopFirst, stopSecond] = [changeBus.subscribe(ONE, heard), changeBus.subscribe(ONE, heard)]
      stopFirst()
      stopFirst()
      const last: { stop: () => void } = { stop: () => undefined }
      changeBus.subscribe(ONE, () => last.stop())
      const late = ears(changeBus)
      last.stop = late.stop
      changeBus.publish(ONE)
      await vi.waitFor(() => expect(heard).toHaveBeenCalledTimes(1), 60_000)
      stopSecond()
      const ear = ears(changeBus)
      changeBus.publish(ONE)
      await expectHeard(ear)
      expect([heard.mock.calls.length, late.count()]).toStrictEqual([1, 0])
    },
  )

  it.skipIf(!there)('tells a listener that came while others were told only of the next ring', async () => {
    const changeBus = await open()
    const heard = vi.fn<() => void>()
    const stop = changeBus.subscribe(ONE, () => {
      stop()
      changeBus.subscribe(ONE, heard)
    })
    const ear = ears(changeBus)
    changeBus.publish(ONE)
    await expectHeard(ear)
    expect(heard).toHaveBeenCalledTimes(0)
    changeBus.publish(ONE)
    await expectHeard(ear, 2)
    expect(heard).toHaveBeenCalledTimes(1)
  })

  it.skipIf(!there)('is heard by a thousand listeners', async () => {
    const changeBus = await open()
    const all = Array.from({ length: 1000 }, (_, index) => ears(changeBus, idOf(index % 10)))
    for (let count = 0; count < 10; count += 1) changeBus.publish(idOf(count))
    await vi.waitFor(() => expect(all.map((ear) => ear.count())).toStrictEqual(all.map(() => 1)), 60_000)
  })

  it.skipIf(!there)('is heard by the others where one listener throws, and tells of that', async () => {
    const onError = vi.fn<(error: Error) => void>()
    const changeBus = await open(onError)
    changeBus.subscribe(ONE, () => {
      throw new Error('broken')
    })
    changeBus.subscribe(ONE, () => {
      // eslint-disable-next-line no-throw-literal
      throw 'no error at all'
    })
    const ear = ears(changeBus)
    changeBus.publish(ONE)
    await expectHeard(ear)
    expect(onError.mock.calls.map(([{ message }]) => message)).toStrictEqual(['broken', 'no error at all'])
  })

  it.skipIf(!there)('is rung and heard without a fault once it is closed, by nobody', async () => {
    const changeBus = await open()
    const before = ears(changeBus)
    changeBus.publish(ONE)
    await Promise.all([changeBus.close(), changeBus.close()])
    const after = ears(changeBus)
    changeBus.publish(ONE)
    await setImmediate()
    await setImmediate()
    expect([before.count(), after.count()]).toStrictEqual([0, 0])
  })
})

describe.skipIf(!THERE)(`two instances${skipped}`, () => {
  it('hear each other, each ring once', async () => {
    const [here, there] = [await openBell(), await openBell()]
    const [mine, theirs, other] = [ears(here), ears(there), ears(there, TWO)]
    here.publish(ONE)
    await expectHeard(theirs)
    there.publish(ONE)
    await expectHeard(mine, 2)
    // What an instance rings reaches it by PostgreSQL too, before what others ring later.
    there.publish(TWO)
    await expectHeard(other)
    expect([mine.count(), theirs.count()]).toStrictEqual([2, 2])
  })

  it('hear what rang just before the other one was closed, even where it had no connection yet', async () => {
    const there = await openBell()
    const ear = ears(there)
    const here = openPostgresChangeBus(SERVER, () => undefined)
    here.publish(ONE)
    await here.close()
    await expectHeard(ear)
    const up = await openBell()
    up.publish(ONE)
    await up.close()
    await expectHeard(ear, 2)
  })

  it('do without a connection until somebody rings or listens, and leave none behind', async () => {
    const url = await newPostgres()
    const name = new URL(url).pathname.slice(1)
    const connections = async () =>
      (await administer('select pid from pg_stat_activity where datname = $1', [name])).length
    const changeBus = openPostgresChangeBus(url, () => undefined)
    expect([changeBus.up(), await connections()]).toStrictEqual([true, 0])
    changeBus.subscribe(ONE, () => undefined)
    expect(changeBus.up()).toBe(false)
    await isUp(changeBus)
    expect(await connections()).toBe(1)
    await changeBus.close()
    await vi.waitFor(async () => expect(await connections()).toBe(0), 60_000)
  })

  it('take no notice of what is no id', async () => {
    const changeBus = await openBell()
    const [ear, upper, empty] = [ears(changeBus), ears(changeBus, 'X'), ears(changeBus, '')]
    for (const payload of ['X', '', `${ONE} `, ONE]) await administer("select pg_notify('consultation', $1)", [payload])
    await expectHeard(ear)
    expect([upper.count(), empty.count()]).toStrictEqual([0, 0])
    // Nor is it sent: it could be too long for PostgreSQL, and stop all others.
    changeBus.publish('x'.repeat(9000))
    const other = await openBell()
    const theirs = ears(other)
    changeBus.publish(ONE)
    await expectHeard(theirs)
  })
})

describe.skipIf(!THERE)(`an instance whose connection is lost${skipped}`, () => {
  it('by the server: its listeners are told once it is back, and later rings arrive', async () => {
    const url = await newPostgres()
    const errors = vi.fn<(error: Error) => void>()
    const [here, there] = [await openBell(url), await openBell(url, errors)]
    const ear = ears(there)
    await administer('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
      new URL(url).pathname.slice(1),
    ])
    await expectHeard(ear)
    await isUp(here)
    here.publish(ONE)
    await expectHeard(ear, 2)
    expect(errors).toHaveBeenCalledTimes(1)
  })

  it.each(['cut', 'hanging'] as const)(
    'by a wire that is %s: the same, and its own rings are not lost',
    async (how) => {
      const wire = await wireTo(SERVER)
      const url = new URL(SERVER)
      url.port = new URL(wire.url).port
      const errors = vi.fn<(error: Error) => void>()
      const [here, there] = [await openBell(url.href, errors), await openBell()]
      const [mine, sent, kept] = [ears(here), ears(there, TWO), ears(there, THREE)]
      wire.set(how)
      // The first is under way when the connection turns out to be lost.
      here.publish(TWO)
      await vi.waitFor(() => expect(here.up()).toBe(false), 60_000)
      for (let count = 0; count < 3; count += 1) {
        here.publish(THREE)
        await setImmediate()
      }
      here.publish(ONE)
      await expectHeard(mine)
      there.publish(ONE)
      expect([sent.count(), kept.count()]).toStrictEqual([0, 0])
      wire.set('open')
      await isUp(here)
      await Promise.all([expectHeard(sent), expectHeard(kept)])
      expect(mine.count()).toBe(2)
      await expectHeardAgain(there, mine)
      expect(errors).toHaveBeenCalledTimes(1)
    },
  )

  it('and that has more to tell than it keeps tells everybody of everything', async () => {
    const wire = await wireTo(SERVER)
    const url = new URL(SERVER)
    url.port = new URL(wire.url).port
    const [here, there] = [await openBell(url.href), await openBell()]
    const theirs = ears(there, TWO)
    // Nothing tells of it but the heartbeat.
    wire.set('hanging')
    await vi.waitFor(() => expect(here.up()).toBe(false), 60_000)
    for (let count = 0; count < 10_001; count += 1) here.publish(idOf(1000 + count))
    await setImmediate()
    wire.set('open')
    await expectHeard(theirs)
  })

  it('closes in time, whether the server is away or hangs', async () => {
    const away = openPostgresChangeBus('postgres://u@127.0.0.1:9/x', () => undefined, {
      ...FAST,
      firstRetryMs: 3_600_000,
    })
    away.publish(ONE)
    await pause(50)
    expect(away.up()).toBe(false)
    await away.close()
    const wire = await wireTo(SERVER)
    wire.set('hanging')
    const url = new URL(SERVER)
    url.port = new URL(wire.url).port
    const hanging = openPostgresChangeBus(url.href, () => undefined, { ...FAST, timeoutMs: 3_600_000 })
    hanging.subscribe(ONE, () => undefined)
    await pause(50)
    await hanging.close()
    expect(hanging.up()).toBe(false)
  })
})

describe('a store', () => {
  const urls: [string, boolean, () => Promise<string>][] = [
    ['of SQLite', true, async () => `sqlite:${join(tempDir(), 'service.db')}`],
    [`of PostgreSQL${skipped}`, THERE, newPostgres],
  ]
  it.each(urls.filter(([, there]) => there))('%s has a changeBus that ends with it', async (_name, _there, urlOf) => {
    const store = await openStore(await urlOf(), writersOf('w'), linkEntry, NO_EVENTS)
    const ear = ears(store.changeBus)
    await isUp(store.changeBus)
    store.changeBus.publish(ONE)
    await vi.waitFor(() => expect(ear.count()).toBeGreaterThan(0), 60_000)
    const heard = ear.count()
    await store.close()
    store.changeBus.publish(ONE)
    await setImmediate()
    expect(ear.count()).toBe(heard)
  })
})
