import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseStrictJson } from '../../../src/http/server/request-body.ts'

const parse = (text: string) => parseStrictJson(Buffer.from(text))

it('takes all JSON that says one thing, and reads it as JSON.parse does', () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: 'grapheme' }), (text) => {
      expect(parse(text)).toStrictEqual(JSON.parse(text))
    }),
  )
})

it('refuses every key that stands twice in one object, at any depth, spelt in any way', () => {
  const spelt = (key: string, escaped: boolean) =>
    escaped
      ? `"${[...key].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`
      : JSON.stringify(key)
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-z"\\{}:]{1,8}$/),
      fc.boolean(),
      fc.boolean(),
      fc.json(),
      fc.nat({ max: 5 }),
      (key, first, second, value, depth) => {
        const twice = `{${spelt(key, first)} : ${value}, "_": 1, ${spelt(key, second)}:${value}}`
        const nested = '[{"_":'.repeat(depth) + twice + '}]'.repeat(depth)
        expect(() => parse(nested)).toThrow('invalid-json')
      },
    ),
  )
})

it('takes a key again in another object', () => {
  const text = '{"a":{"a":[{"a":1},{"a":2}]},"b":{"a":"a"}}'
  expect(parse(text)).toStrictEqual(JSON.parse(text))
})

it('is not fooled by what stands in strings', () => {
  const text = JSON.stringify({ a: '{"a":1,"a":2}', b: 'x":', c: '\\', d: '"a":' })
  expect(parse(text)).toStrictEqual(JSON.parse(text))
})

it('throws the same for whatever is not JSON', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        JSON.stringify(parseStrictJson(bytes))
      } catch (error) {
        expect(error).toMatchObject({ name: 'HttpProblem', refusal: { code: 'invalid-json' } })
      }
    }),
  )
})

it('keeps __proto__ a key like any other', () => {
  expect(Object.keys(parse('{"__proto__":{"x":1}}') as object)).toStrictEqual(['__proto__'])
  expect(() => parse('{"__proto__":1,"__proto__":2}')).toThrow('invalid-json')
})
