import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createCursorCodec, isTimeMs } from '../../src/rules/cursor.ts'
import type { Page } from '../../src/rules/page.ts'
import { readPage } from '../../src/service/page.ts'

const codec = createCursorCodec<{ time: number }>({ time: isTimeMs })

it('all pages together hold each item once, in order, and no page is empty unless the list is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 20 }), fc.integer({ min: 1, max: 8 }), async (count, limit) => {
      const all = Array.from({ length: count }, (_, time) => ({ time, name: `item ${time}` }))
      const read = (page: Page<{ time: number }>) =>
        Promise.resolve(all.filter(({ time }) => time > (page.after?.time ?? -1)).slice(0, page.limit))
      const pages = []
      for (let after: { time: number } | undefined, hasNext = true; hasNext;) {
        const { items, nextCursor } = await readPage({ limit, ...(after && { after }) }, codec, read)
        pages.push(items)
        hasNext = nextCursor !== undefined
        after = nextCursor === undefined ? undefined : codec.decode(nextCursor)
      }
      expect(pages.flat()).toStrictEqual(all)
      expect(pages).toHaveLength(Math.max(1, Math.ceil(count / limit)))
    }),
  )
})
