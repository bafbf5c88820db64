import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { matchAtStart, toBytes } from '../../../src/rules/tokens/lua-pattern.ts'
import { findPatternError } from '../../../src/rules/tokens/lua-pattern-error.ts'

/** What `string.match` gives at the start of a text: the first capture or the match, nothing, or an error. */
const match = (text: string, pattern: string): string | number | undefined | { error: string } => {
  const error = findPatternError(pattern)
  return error === undefined ? matchAtStart(text, pattern) : { error }
}

describe('a Lua pattern', () => {
  it.each([
    ['team-1', 'team%-1', 'team-1'],
    ['team-1', 'team-1', undefined],
    ['tealeaves', 'team-.*', 'tealeaves'],
    ['team-1', 'team%-(%d)', '1'],
    ['team-1', '()team', 1],
    ['team-1', 'am', undefined],
    ['a.b', '^a%.b$', 'a.b'],
    ['xab', '^a', undefined],
    ['a$b', 'a$b', 'a$b'],
    ['abc', '', ''],
    ['a]b', 'a[]]', 'a]'],
    ['a^b', 'a[b^]', 'a^'],
    ['a-b', '[a%-]+', 'a-'],
    ['bc', '[^a]+', 'bc'],
    ['12y', '[0-9]-y', '12y'],
    ['(a(b)c)d', '%b()', '(a(b)c)'],
    ['THE (quick) fox', '%f[%a]%a+%f[%A]', 'THE'],
    ['abab', '(ab)%1', 'ab'],
    ['abac', '(ab)%1', undefined],
    ['aaa', 'a?aaa', 'aaa'],
    ['café', 'caf..', 'caf\u00c3\u00a9'],
  ])('%j with %j is %j', (text, pattern, expected) => {
    expect(match(toBytes(text), toBytes(pattern))).toBe(expected)
  })

  it.each([
    ['team%', "malformed pattern (ends with '%')"],
    ['team[a', "malformed pattern (missing ']')"],
    ['[^]', "malformed pattern (missing ']')"],
    ['[%', "malformed pattern (missing ']')"],
    ['[a%]', "malformed pattern (missing ']')"],
    ['%f', "missing '[' after '%f' in pattern"],
    ['%fa', "missing '[' after '%f' in pattern"],
    ['%f[a', "malformed pattern (missing ']')"],
    ['%b(', "missing arguments to '%b'"],
    ['(a', 'unfinished capture'],
    ['a)', 'invalid pattern capture'],
    ['%1', 'invalid capture index %1'],
    ['(a%1)', 'invalid capture index %1'],
    ['()%0', 'invalid capture index %0'],
    ['()'.repeat(33), 'too many captures'],
  ])('%j is an error', (pattern, error) => {
    expect(findPatternError(pattern)).toBe(error)
  })
})

const URL = process.env['TEST_REDIS_URL']

describe.skipIf(URL === undefined)(
  `the Lua of Redis${URL === undefined ? ' (skipped: no TEST_REDIS_URL)' : ''}`,
  () => {
    let redis: Redis
    beforeAll(() => void (redis = new Redis(URL ?? '')))
    afterAll(() => redis.disconnect())

    const SCRIPT = `
      local ok, result = pcall(string.match, ARGV[1], ARGV[2])
      if not ok then return {'error', result} end
      return {type(result), tostring(result)}`

    async function matchInLua(text: string, pattern: string) {
      const texts = [text, pattern].map((each) => Buffer.from(each, 'latin1'))
      const [kind, value] = (await redis.callBuffer('EVAL', SCRIPT, 0, ...texts)) as [Buffer, Buffer]
      switch (kind.toString()) {
        case 'error':
          return 'error'
        case 'nil':
          return undefined
        default:
          return kind.toString() === 'number' ? Number(value.toString()) : value.toString('latin1')
      }
    }

    it('matches every pattern in the same way', async () => {
      const items = [
        'a',
        'b',
        '-',
        '.',
        '%a',
        '%d',
        '%-',
        '%W',
        '[ab]',
        '[^a]',
        '[a-c%d]',
        '[]a]',
        '(',
        ')',
        '()',
        '^',
        '$',
      ]
      const rest = ['*', '+', '?', '-', '%1', '%b()', '%f[a]', '%f[%A]', '[', ']', '%', 'x', '\u00e9', '%z']
      const pattern = fc.array(fc.constantFrom(...items, ...rest), { maxLength: 8 }).map((all) => all.join(''))
      const text = fc.array(fc.constantFrom('a', 'b', 'c', '1', '-', '(', ')', ']', '\u00e9', '%'), { maxLength: 10 })
      const seen = new Set<string>()
      await fc.assert(
        fc.asyncProperty(
          text.map((all) => all.join('')),
          pattern,
          async (subject, used) => {
            const own = match(subject, used)
            const theirs = await matchInLua(subject, used.startsWith('^') ? used : `^${used}`)
            // Lua raises an error only if the match reaches it; without a match before it, the pattern matches nothing anyway.
            if (typeof own === 'object')
              expect([used, subject, theirs === 'error' || theirs === undefined]).toStrictEqual([used, subject, true])
            else expect([used, subject, own]).toStrictEqual([used, subject, theirs])
            // A match of the whole text begins at its start, wherever string.match looks for it.
            const isWhole = (await matchInLua(subject, used)) === subject
            expect([used, subject, own === subject]).toStrictEqual([used, subject, isWhole])
            seen.add(typeof own)
          },
        ),
        { numRuns: 3000 },
      )
      expect([...seen].sort()).toStrictEqual(['number', 'object', 'string', 'undefined'])
    })
  },
)
