import { Type } from '@sinclair/typebox'

/**
 * Creates the schemas of the query parameters of a paged list. Values are strings; src/rules/page.ts parses them.
 * @param defaultLimit the page size without `limit`
 * @param maxLimit the largest page size
 */
export const pageParameters = (defaultLimit: number, maxLimit: number) => ({
  limit: Type.Optional(
    Type.String({
      pattern: `^[1-9]\\d{0,${String(maxLimit).length - 1}}$`,
      description: `a page size from 1 to ${maxLimit}; default: ${defaultLimit}`,
    }),
  ),
  cursor: Type.Optional(
    Type.String({ pattern: '^[A-Za-z0-9_-]{1,256}$', description: 'the nextCursor of the previous page' }),
  ),
})

/** The field `nextCursor` of a page. */
export const NextCursor = Type.Optional(
  Type.String({ description: 'cursor of the next page, absent on the last page' }),
)
