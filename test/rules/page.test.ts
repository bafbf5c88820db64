import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { FieldError } from '../../src/contract/problem.ts'
import { createCursorCodec, isTimeMs } from '../../src/rules/cursor.ts'
import { parsePage, type PageQuery } from '../../src/rules/page.ts'

const codec = createCursorCodec<{ time: number }>({ time: isTimeMs })

function parse(query: PageQuery) {
  const errors: FieldError[] = []
  const page = parsePage(query, { default: 50, max: 500 }, codec, errors)
  return errors.length > 0 ? errors.map(({ pointer }) => pointer) : page
}

it('a page has the default size and begins at the first item without parameters', () => {
  expect(parse({})).toStrictEqual({ limit: 50 })
})

it('a page has the requested size and begins after the position of the cursor', () => {
  expect(parse({ limit: '1', cursor: codec.encode({ time: 7 }) })).toStrictEqual({ limit: 1, after: { time: 7 } })
  expect(parse({ limit: '500' })).toStrictEqual({ limit: 500 })
})

it('all invalid parameters are reported', () => {
  expect(parse({ limit: '501', cursor: 'x' })).toStrictEqual(['/query/limit', '/query/cursor'])
})

it('a page has a whole size within the bounds for any text', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.double().map(String), fc.integer().map(String)), (limit) => {
      const page = parse({ limit })
      if (Array.isArray(page)) expect(page).toStrictEqual(['/query/limit'])
      else expect(Number.isInteger(page.limit) && page.limit >= 1 && page.limit <= 500).toBe(true)
    }),
  )
})
