import type { CursorCodec, SortKey } from '../rules/cursor.ts'
import type { Page } from '../rules/page.ts'

/**
 * Reads a page of a list.
 * @param search the page, and further criteria if any
 * @param read reads up to `limit` items that follow the position `after`, in the order of the list
 * @returns at most `limit` items, with the cursor of the next page if there is one
 * @throws what `read` throws
 */
export async function readPage<Position extends SortKey, Search extends Page<Position>, Item extends Position>(
  search: Search,
  codec: CursorCodec<Position>,
  read: (search: Search) => Promise<Item[]>,
): Promise<{ items: Item[]; nextCursor?: string }> {
  // One item more than the page holds shows whether there is a next page.
  const found = await read({ ...search, limit: search.limit + 1 })
  const items = found.slice(0, search.limit)
  const last = items.at(-1)
  return { items, ...(found.length > search.limit && last !== undefined ? { nextCursor: codec.encode(last) } : {}) }
}
