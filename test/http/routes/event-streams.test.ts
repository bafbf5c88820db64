import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createOpenStreams } from '../../../src/http/routes/event-streams.ts'
import type { Caller } from '../../../src/rules/policy/policy.ts'

const backend = (id: string): Caller => ({ id, roles: new Set(), scopes: new Set() })
const user = (id: string): Caller => ({ ...backend('https://id.example.org'), user: { id } })

/** Opens streams, and counts how many are accepted before the first refusal. */
function fill(open: ReturnType<typeof createOpenStreams>, next: (i: number) => [Caller, string], most = 6000) {
  for (let i = 0; i < most; i += 1) {
    const refusal = open.add(new PassThrough(), ...next(i))
    if (refusal !== undefined) return [i, refusal.code]
  }
  return [most, undefined]
}

describe('the open event streams of an instance', () => {
  it('are limited for one API key, and for one API key in one consultation', () => {
    const open = createOpenStreams()
    expect(fill(open, () => [backend('a'), 'one'])).toStrictEqual([20, 'rate-limited'])
    expect(fill(open, (i) => [backend('a'), `c${i}`])).toStrictEqual([980, 'rate-limited'])
    expect(open.add(new PassThrough(), backend('b'), 'one')).toBeUndefined()
  })

  it('of all API keys leave half of them to users and visitors, of whom none can take all', () => {
    const open = createOpenStreams()
    expect(fill(open, (i) => [backend(`k${i % 5}`), `c${i}`])).toStrictEqual([2500, 'overloaded'])
    expect(fill(open, () => [user('u'), 'one'])).toStrictEqual([10, 'rate-limited'])
    expect(fill(open, (i) => [user(`u${i}`), 'one'])).toStrictEqual([2490, 'overloaded'])
  })

  it('are free again once they are closed', () => {
    const open = createOpenStreams()
    const streams = Array.from({ length: 10 }, () => new PassThrough())
    for (const stream of streams) expect(open.add(stream, user('u'), 'one')).toBeUndefined()
    const [first = new PassThrough()] = streams
    expect([open.delete(first), open.delete(first)]).toStrictEqual([true, false])
    expect(open.add(new PassThrough(), user('u'), 'two')).toBeUndefined()
    expect(open.count()).toBe(10)
  })
})
