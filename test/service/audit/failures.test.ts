import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { AuditEntry } from '../../../src/contract/audit/audit-entry.ts'
import { createFailureRecorder } from '../../../src/service/audit/failures.ts'
import { ServiceFault } from '../../../src/service/fault.ts'

const failure = (
  requestId: string,
  code: 'unauthenticated' | 'invitation-invalid' = 'unauthenticated',
): AuditEntry => ({
  time: 1,
  requestId,
  address: '192.0.2.0/24',
  caller: '-',
  action: 'caller.authenticate',
  outcome: 'refused',
  code,
})
const networks = (network: string) => [
  { network: `${network} narrow`, factor: 1 },
  { network, factor: 16 },
]

function open() {
  const entries: AuditEntry[] = []
  const state = { broken: false, now: 60_000 }
  const append = async (entry: AuditEntry) => {
    if (state.broken) throw new ServiceFault('record-unavailable')
    return `chain:${entries.push(entry)}`
  }
  const recorder = createFailureRecorder({ append }, () => state.now)
  return { entries, state, ...recorder }
}

it('writes the first failure of a network at once, and the others of the minute as one entry with their number', async () => {
  const { entries, record, flush } = open()
  for (const id of ['a', 'b', 'c']) await record(failure(id), networks('one'))
  await record(failure('d'), networks('two'))
  await record(failure('e', 'invitation-invalid'), networks('one'))
  expect(entries.map(({ requestId }) => requestId)).toStrictEqual(['a', 'd', 'e'])
  await flush()
  expect(entries.slice(3)).toStrictEqual([{ ...failure('b'), time: 60_000, count: 2 }])
})

it('writes one entry a minute for a network that goes on, and one at once for a network that comes back', async () => {
  const { entries, record, flush } = open()
  for (let minute = 0; minute < 5; minute += 1) {
    for (let i = 0; i < 1000; i += 1) await record(failure(`${minute} ${i}`), networks('one'))
    await flush()
  }
  expect(entries.map(({ count = 1 }) => count)).toStrictEqual([1, 999, 1000, 1000, 1000, 1000])
  await flush()
  await record(failure('later'), networks('one'))
  expect(entries.at(-1)).toStrictEqual(failure('later'))
})

it('bounds the entries of a minute, however many networks fail', async () => {
  const { entries, record, flush } = open()
  for (let i = 0; i < 5000; i += 1) await record(failure(String(i)), networks(`n${i}`))
  await flush()
  expect(entries).toHaveLength(1001)
  const { address: _address, ...rest } = failure('1000')
  expect(entries.at(-1)).toStrictEqual({ ...rest, time: 60_000, count: 4000 })
})

it('throws if the first failure cannot be written, and keeps the counts if a flush fails', async () => {
  const { entries, record, flush, state } = open()
  state.broken = true
  await expect(record(failure('a'), networks('one'))).rejects.toThrow('record-unavailable')
  state.broken = false
  for (const id of ['b', 'c', 'd']) await record(failure(id), networks('one'))
  state.broken = true
  await expect(flush()).rejects.toThrow('record-unavailable')
  await record(failure('e'), networks('one'))
  state.broken = false
  await flush()
  expect(entries).toMatchObject([{ requestId: 'b' }, { requestId: 'c', count: 3 }])
})

it('loses no failure, in whatever order they come', async () => {
  const step = fc.oneof(
    fc.record({ network: fc.constantFrom('one', 'two', 'three') }),
    fc.constant('flush' as const),
    fc.constant('broken flush' as const),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { entries, record, flush, state } = open()
      for (const each of steps) {
        state.broken = each === 'broken flush'
        if (typeof each === 'string') await flush().catch(() => undefined)
        else await record(failure('r'), networks(each.network))
      }
      state.broken = false
      await flush()
      const total = entries.reduce((sum, { count = 1 }) => sum + count, 0)
      expect(total).toBe(steps.filter((each) => typeof each !== 'string').length)
    }),
  )
})
