import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { displayName, isHttpsUrl } from '../../src/rules/person.ts'
import { anyCharacter } from '../support/arbitraries.ts'

const anyText = fc.string({ unit: anyCharacter, maxLength: 300 })
/** Text in the form of a URL, with whatever follows the host. */
const anyUrl = fc
  .tuple(fc.constantFrom('https', 'HTTPS', 'http', 'javascript', 'data'), fc.domain(), anyText)
  .map(([scheme, host, rest]) => `${scheme}://${host}${rest}`)

describe('a display name', () => {
  it('is trimmed, in NFC, of 1 to 128 characters, and changes no more when read again', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const name = displayName(text)
        if (name === undefined) return
        expect(name).toBe(text.trim().normalize('NFC'))
        expect([...name].length).toBeGreaterThanOrEqual(1)
        expect([...name].length).toBeLessThanOrEqual(128)
        expect(name.isWellFormed()).toBe(true)
        expect(displayName(name)).toBe(name)
      }),
    )
  })

  it('never holds a control, a format character, a separator of lines, a lone surrogate or a noncharacter', () => {
    const forbidden = fc.constantFrom(
      ...[
        '\0',
        '\n',
        '\u007f',
        '\u009f',
        '\u00ad',
        '\u061c',
        '\u180e',
        '\u200b',
        '\u200d',
        '\u200e',
        '\u202a',
        '\u202e',
      ],
      ...[
        '\u2028',
        '\u2029',
        '\u2060',
        '\u2066',
        '\u2069',
        '\ufeff',
        '\ufdd0',
        '\uffff',
        '\ud800',
        '\udfff',
        '\u{e0001}',
      ],
    )
    fc.assert(
      fc.property(anyText, forbidden, anyText, (before, bad, after) => {
        // A lone surrogate may find its other half in what surrounds it.
        fc.pre(!`${before}${bad}${after}`.isWellFormed() || bad.isWellFormed())
        expect(displayName(`${before}${bad}${after}`)).toBeUndefined()
      }),
    )
  })

  it('may be in any script, with marks, digits, punctuation and emoji', () => {
    const names = [
      'डॉ. मीरा अय्यर',
      'ডা. রহমান',
      'ด.ร. สมชาย',
      '张医生',
      "O'Brien-Smith, M.D.",
      'Åsa 2',
      '🧑🏽',
      'a'.repeat(128),
    ]
    expect(names.map(displayName)).toStrictEqual(names.map((name) => name.normalize('NFC')))
  })

  it('counts characters, not UTF-16 units', () => {
    expect(displayName('🧑'.repeat(128))).toBe('🧑'.repeat(128))
    expect(displayName('🧑'.repeat(129))).toBeUndefined()
  })
})

describe('an avatar', () => {
  it('is an https URL of its host, whatever text is offered', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, anyUrl), (text) => {
        if (!isHttpsUrl(text)) return
        const url = new URL(text)
        expect([url.protocol, url.username, url.password]).toStrictEqual(['https:', '', ''])
        expect(text).toMatch(/^[\x21-\x7e]+$/)
        expect(JSON.stringify(text)).toBe(`"${text}"`)
      }),
    )
  })

  it('may be any https URL whose path and query are percent-encoded', () => {
    fc.assert(
      fc.property(fc.domain(), anyText, anyText, (host, path, query) => {
        const url = `https://${host}/${encodeURIComponent(path)}?q=${encodeURIComponent(query)}`
        expect(isHttpsUrl(url)).toBe(true)
      }),
    )
  })
})
