import { createPrivateKey } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { selectFromFiles } from '../../src/reload/signing-key.ts'
import { compareKeyRing, type KnownKey, type PendingKey } from '../../src/rules/key-ring.ts'
import { NOW, testKeyPem } from '../kit.ts'

const MAX_AGE_SECONDS = 300
const KEY = createPrivateKey(testKeyPem())

/** Key files in which all ids have a private key. */
const filesOf = (ids: readonly string[], requested: string, immediately = false) => ({
  requested: { id: requested, immediately },
  privateKeys: new Map(ids.map((id) => [id, KEY])),
  retired: [],
})

const known = (kid: string, state: KnownKey['state'], publishedSince = NOW): KnownKey => ({
  ...{ kid, fingerprint: kid, state, firstSeenAt: publishedSince, publishedSince, changedAt: publishedSince },
})

const history = (...keys: KnownKey[]) => ({
  ...{ known: keys, kidOf: (id: string) => id, maxAgeSeconds: MAX_AGE_SECONDS, nowMs: NOW },
})

describe('the signing key of the files', () => {
  const waiting = { keyId: 'one', pending: { keyId: 'two', at: NOW + 305_000 } }

  it('is the key that the register says signs, until verifiers have fetched the requested key', () => {
    const files = filesOf(['two', 'one'], 'two')
    expect(selectFromFiles(files, history(known('one', 'active')))).toStrictEqual(waiting)
    expect(selectFromFiles(files, history(known('one', 'active'), known('two', 'next')))).toStrictEqual(waiting)
    expect(selectFromFiles(files, history(known('one', 'active'), known('two', 'next', 0)))).toStrictEqual({
      keyId: 'two',
    })
    expect(selectFromFiles(files, history(known('one', 'next'), known('two', 'active')))).toStrictEqual({
      keyId: 'two',
    })
  })

  it('is the key that signs in this instance, if the register knows none', () => {
    expect(selectFromFiles(filesOf(['two', 'one'], 'two'), { ...history(), current: 'one' })).toStrictEqual(waiting)
  })

  it('is the requested key if the private key that signed is no longer there', () => {
    expect(
      selectFromFiles(filesOf(['two'], 'two'), { ...history(known('one', 'active')), current: 'one' }),
    ).toStrictEqual({ keyId: 'two' })
  })

  it('waits for a key that was removed and is back', () => {
    expect(
      selectFromFiles(filesOf(['two', 'one'], 'two'), history(known('one', 'active'), known('two', 'removed', 0))),
    ).toStrictEqual(waiting)
  })

  it('is never the development key, unless it is requested', () => {
    const files = filesOf(['two', 'development'], 'two')
    expect(selectFromFiles(files, history(known('development', 'active')))).toStrictEqual({ keyId: 'two' })
  })
})

/** Milliseconds until an instance notices a change of its key files. Kubernetes can take this long with a Secret. */
const MAX_LAG_MS = 120_000

/** Two instances with one folder and one register, and verifiers that cache the keys of one of them. */
class Model {
  readonly folder = new Set(['one'])
  requested = 'one'
  now = NOW
  readonly register = new Map<string, KnownKey>()
  readonly instances = [this.start(), this.start()]
  readonly unknown: string[] = []
  /** When each instance notices the last change of its files at the latest. */
  private readonly noticeAt = [Infinity, Infinity]
  caches: { kids: ReadonlySet<string>; until: number }[] = []

  private start(before?: { active: string; kids: ReadonlySet<string> }) {
    const files = filesOf([...this.folder], this.requested)
    const select = () =>
      selectFromFiles(files, { ...history(...this.register.values()), nowMs: this.now, current: before?.active })
    const { keyId } = select()
    const kids = new Set(this.folder)
    const added = new Set([...kids].filter((kid) => before !== undefined && !before.kids.has(kid)))
    const ring = [...kids].map((kid) => ({
      ...{ kid, fingerprint: kid, state: kid === keyId ? ('active' as const) : ('next' as const) },
    }))
    const { changed, published } = compareKeyRing([...this.register.values()], ring, this.now, added)
    for (const key of [...changed, ...published]) this.register.set(key.kid, key)
    const pending: PendingKey | undefined = select().pending
    return { active: keyId, kids, pending }
  }

  reload(index: number): void {
    this.instances[index] = this.start(this.instances[index])
    this.noticeAt[index] = Infinity
  }

  /** Restarts an instance that publishes all keys. */
  restart(index: number): void {
    this.reload(index)
    this.instances[index] = this.start()
  }

  fetch(index: number): void {
    const kids = this.instances[index]?.kids ?? new Set()
    this.caches.push({ kids, until: this.now + MAX_AGE_SECONDS * 1000 })
  }

  /** Changes the key files. */
  change(work: () => void): void {
    work()
    for (const [index, at] of this.noticeAt.entries()) this.noticeAt[index] = Math.min(at, this.now + MAX_LAG_MS)
  }

  remove(id: string): void {
    const inUse = [this.requested, ...this.instances.flatMap(({ active, pending }) => [active, pending?.keyId])]
    if (!inUse.includes(id)) this.change(() => this.folder.delete(id))
  }

  /** Lets time pass, and every reload happen when it is due. */
  wait(ms: number): void {
    const end = this.now + ms
    for (;;) {
      const due = this.instances.map(({ pending }, index) =>
        Math.max(Math.min(pending?.at ?? Infinity, this.noticeAt[index] ?? Infinity), this.now),
      )
      const at = Math.min(...due)
      if (at > end) break
      this.now = at
      this.reload(due.indexOf(at))
      this.check()
    }
    this.now = end
  }

  /** Adds the keys that sign and that a verifier does not know. */
  check(): void {
    this.caches = this.caches.filter(({ until }) => until > this.now)
    for (const { kids } of this.caches) {
      for (const { active } of this.instances) if (!kids.has(active)) this.unknown.push(active)
    }
  }
}

const KEY_IDS = ['one', 'two', 'three']
const id = fc.constantFrom(...KEY_IDS)
const instance = fc.constantFrom(0, 1)
const step = fc.oneof(
  fc.record({ add: id }),
  fc.record({ activate: id }),
  fc.record({ remove: id }),
  fc.record({ reload: instance }),
  fc.record({ restart: instance }),
  fc.record({ fetch: instance }),
  fc.record({ fetch: instance }),
  fc.record({ wait: fc.integer({ min: 1, max: 400_000 }) }),
)

function take(model: Model, action: Partial<Record<string, string | number>>): void {
  const { add, activate, remove, reload, restart, fetch, wait } = action
  if (add !== undefined) model.change(() => model.folder.add(String(add)))
  if (activate !== undefined && model.folder.has(String(activate))) {
    model.change(() => (model.requested = String(activate)))
  }
  if (remove !== undefined) model.remove(String(remove))
  if (reload !== undefined) model.reload(Number(reload))
  if (restart !== undefined) model.restart(Number(restart))
  if (fetch !== undefined) model.fetch(Number(fetch))
  if (wait !== undefined) model.wait(Number(wait))
}

it('no key signs that a verifier does not know which caches the keys of any instance', () => {
  let activations = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 100, size: 'max' }), (steps) => {
      const model = new Model()
      for (const action of steps) {
        const before = model.instances[0]?.active
        take(model, action)
        model.check()
        expect(model.unknown).toStrictEqual([])
        if (model.instances[0]?.active !== before) activations += 1
      }
    }),
    { numRuns: 300 },
  )
  // The property would hold if no key were ever activated.
  expect(activations).toBeGreaterThan(50)
})
