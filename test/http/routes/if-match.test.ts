import { describe, expect, it } from 'vitest'
import { startVisits } from '../../support/consultations.ts'

const change = { durationMinutes: 45 }

describe('If-Match of a change', () => {
  it.each(['"1"', 'W/"1"', '"1-gzip"', 'W/"1--gzip"', '"7", W/"1"'])('%s is the version 1', async (etag) => {
    const { desk, visit } = await startVisits()
    const { id } = await visit()
    const path = `/consultations/${id}`
    const changed = await desk('PATCH', path, change, { 'if-match': etag })
    expect(changed).toMatchObject({ status: 200, headers: { etag: '"2"' }, body: { version: 2 } })
    const repeated = await desk('PATCH', path, change, { 'if-match': etag })
    expect(repeated).toMatchObject({ status: 412, body: { code: 'version-conflict' } })
  })

  it.each([
    ['*', 428, 'version-required'],
    ['"unknown"', 412, 'version-conflict'],
    ['1', 400, 'invalid-request'],
  ])('%s is answered with %i and changes nothing', async (etag, status, code) => {
    const { desk, visit, entries } = await startVisits()
    const { id } = await visit()
    const path = `/consultations/${id}`
    expect(await desk('PATCH', path, change, { 'if-match': etag })).toMatchObject({ status, body: { code } })
    expect(entries().at(-1)).toMatchObject({ action: 'consultation.change', outcome: 'refused', code })
    expect(await desk('GET', path)).toMatchObject({ body: { version: 1 } })
  })
})
