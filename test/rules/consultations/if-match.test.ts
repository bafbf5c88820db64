import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseIfMatch } from '../../../src/rules/consultations/if-match.ts'

const POINTER = '/headers/if-match'

describe('If-Match', () => {
  it.each([
    ['"1"', [1]],
    ['W/"1"', [1]],
    ['"1-gzip"', [1]],
    ['W/"1-gzip"', [1]],
    ['"1--gzip"', [1]],
    ['"1;gzip"', [1]],
    ['"1-br"', [1]],
    ['"999999999"', [999_999_999]],
    ['"1", "2"', [1, 2]],
    ['"1",W/"2" ,\t"3-zstd"', [1, 2, 3]],
    [' "1" ', [1]],
    ['"of-another-resource", "4"', [4]],
    ['"of-another-resource"', []],
    ['""', []],
    ['"0"', []],
    ['"01"', []],
    ['"-1"', []],
    ['"1.5"', []],
    ['"1 "', undefined],
    ['"9999999999"', []],
  ])('%s names the versions %j', (header, versions) => {
    if (versions === undefined) expect(parseIfMatch(header)).toMatchObject({ code: 'invalid-request' })
    else expect(parseIfMatch(header)).toStrictEqual(versions)
  })

  it.each([
    '',
    '1',
    "'1'",
    '"1',
    '1"',
    'w/"1"',
    'W"1"',
    'W/1',
    '"1" "2"',
    '"1";',
    '"1",',
    '*, "1"',
    'null',
    '"\u0000"',
  ])('%j is not a list of entity tags', (header) => {
    expect(parseIfMatch(header)).toMatchObject({ code: 'invalid-request', errors: [{ pointer: POINTER }] })
  })

  it('must name a version: neither its absence nor * does', () => {
    expect(parseIfMatch(undefined)).toStrictEqual({ code: 'version-required' })
    for (const any of ['*', ' * '])
      expect(parseIfMatch(any)).toMatchObject({ code: 'version-required', errors: [{ pointer: POINTER }] })
  })

  it('names every version of the list, in any form that proxies give it', () => {
    const tag = fc.tuple(
      fc.integer({ min: 1, max: 999_999_999 }),
      fc.constantFrom('', 'W/'),
      fc.constantFrom('', '-gzip', '-br', '--gzip', ';gzip'),
    )
    fc.assert(
      fc.property(fc.array(tag, { minLength: 1, maxLength: 5 }), fc.constantFrom(',', ', ', ' , '), (tags, comma) => {
        const header = tags.map(([version, weak, suffix]) => `${weak}"${version}${suffix}"`).join(comma)
        expect(parseIfMatch(header)).toStrictEqual(tags.map(([version]) => version))
      }),
    )
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        expect(parseIfMatch(header)).toBeTypeOf('object')
      }),
    )
  })
})
