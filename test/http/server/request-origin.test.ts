import { describe, expect, it } from 'vitest'
import { recordedNetworkOf } from '../../../src/rules/client-network.ts'
import { CLINIC, DOCTOR, startService } from '../../kit.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

/** Asks for a token from an address behind a trusted proxy, with more headers. */
async function recorded(env: Record<string, string>, from: string, headers: Record<string, string> = {}) {
  const { app, entries } = await startService({ TRUST_PROXY: '127.0.0.1', ...env })
  for (const authorization of [`Bearer ${CLINIC.apiKey}`, 'Bearer nobody']) {
    await app.inject({
      method: 'POST',
      url: '/api/jitsi/token',
      headers: { 'x-forwarded-for': from, authorization, ...headers },
      payload: DOCTOR,
    })
  }
  const [issued, failed] = entries()
  expect([issued?.['action'], failed?.['action']]).toStrictEqual(['token.issue', 'caller.authenticate'])
  expect([failed?.['address'], failed?.['trace_id']]).toStrictEqual([issued?.['address'], issued?.['trace_id']])
  return { address: issued?.['address'], traceId: issued?.['trace_id'] }
}

describe('where a request came from', () => {
  it.each([
    ['full', '198.51.100.77', '198.51.100.77'],
    ['full', '::ffff:198.51.100.77', '198.51.100.77'],
    ['full', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6'],
    ['network', '198.51.100.77', '198.51.100.0/24'],
    ['network', '::ffff:198.51.100.77', '198.51.100.0/24'],
    ['network', '2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
    ['none', '198.51.100.77', undefined],
    ['none', '2001:db8::1', undefined],
  ])('as AUDIT_ADDRESS=%s says: %s is kept as %s', async (mode, from, kept) => {
    expect((await recorded({ AUDIT_ADDRESS: mode }, from)).address).toBe(kept)
  })

  it('is its network, where nothing else is said', async () => {
    expect((await recorded({}, '198.51.100.77')).address).toBe('198.51.100.0/24')
  })

  it('is nothing where it is no address', () => {
    for (const text of ['', 'unknown', '198.51.100', '1.2.3.4.5']) expect(recordedNetworkOf(text)).toBeUndefined()
  })

  it.each([
    [`00-${TRACE}-00f067aa0ba902b7-01`, TRACE],
    [`cc-${TRACE}-00f067aa0ba902b7-01-what-the-future-has-be`, TRACE],
    [`ff-${TRACE}-00f067aa0ba902b7-01`, undefined],
    [`00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, undefined],
    [`00-${TRACE}-${'0'.repeat(16)}-01`, undefined],
    [`00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`, undefined],
    [`00-${TRACE}-00f067aa0ba902b7`, undefined],
    [TRACE, undefined],
    ['', undefined],
    ["00-' OR 1=1 --", undefined],
  ])('with traceparent %j is of the trace %s', async (traceparent, traceId) => {
    expect((await recorded({}, '198.51.100.77', { traceparent })).traceId).toBe(traceId)
  })
})
