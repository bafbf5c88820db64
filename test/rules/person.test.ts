import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { displayName, isHttpsUrl } from '../../src/rules/person.ts'
import { anyCharacter } from '../support/arbitraries.ts'

const anyText = fc.string({ unit: anyCharacter, maxLength: 300 })
/** Text in the form of a URL, with whatever follows the host. */
const anyUrl = fc
  .tuple(fc.constantFrom('https', 'HTTPS', 'http', 'javascript', 'data'), fc.domain(), anyText)
  .map(([scheme, host, rest]) => `${scheme}://${host}${rest}`)

/** A character that a name never contains, and its name in the Unicode Character Database. */
const REFUSED_CHARACTERS = {
  'a null character': '\0',
  'a line feed': '\n',
  'a delete character': '\u007f',
  'a C1 control': '\u009f',
  'a soft hyphen': '\u00ad',
  'a combining grapheme joiner': '\u034f',
  'an Arabic letter mark': '\u061c',
  'a Hangul filler': '\u3164',
  'a halfwidth Hangul filler': '\uffa0',
  'a Hangul choseong filler': '\u115f',
  'a Hangul jungseong filler': '\u1160',
  'a Khmer inherent vowel': '\u17b4',
  'another Khmer inherent vowel': '\u17b5',
  'a Mongolian vowel separator': '\u180e',
  'a zero width space': '\u200b',
  'a left-to-right mark': '\u200e',
  'a right-to-left mark': '\u200f',
  'a line separator': '\u2028',
  'a paragraph separator': '\u2029',
  'a left-to-right embedding': '\u202a',
  'a right-to-left embedding': '\u202b',
  'a pop directional formatting': '\u202c',
  'a left-to-right override': '\u202d',
  'a right-to-left override': '\u202e',
  'a word joiner': '\u2060',
  'an invisible separator': '\u2063',
  'an unassigned ignorable character': '\u2065',
  'a left-to-right isolate': '\u2066',
  'a right-to-left isolate': '\u2067',
  'a first strong isolate': '\u2068',
  'a pop directional isolate': '\u2069',
  'a byte order mark': '\ufeff',
  'a noncharacter of Arabic presentation forms': '\ufdd0',
  'U+FFFE': '\ufffe',
  'U+FFFF': '\uffff',
  'U+10FFFF': '\u{10ffff}',
  'a high surrogate': '\ud800',
  'a low surrogate': '\udfff',
  'a language tag': '\u{e0001}',
  'a tag letter': '\u{e0061}',
  'a cancel tag': '\u{e007f}',
}

describe('a display name', () => {
  it('is trimmed, in NFC, of 1 to 128 characters with a visible one, and does not change when it is read again', () => {
    const unit = fc.oneof(anyCharacter, fc.constantFrom(' ', '\u200c', '\u200d', '\u094d', '\ufe0f', '\u{1f9d1}', 'ب'))
    fc.assert(
      fc.property(fc.oneof(anyText, fc.string({ unit, maxLength: 140 })), (text) => {
        const name = displayName(text)
        if (name === undefined) return
        expect(name).toBe(text.trim().normalize('NFC'))
        expect([...name].length).toBeGreaterThanOrEqual(1)
        expect([...name].length).toBeLessThanOrEqual(128)
        expect(name.isWellFormed()).toBe(true)
        expect(name).toMatch(/[\p{L}\p{N}\p{Emoji}\p{Extended_Pictographic}]/u)
        expect(name).not.toMatch(/[\p{Cc}\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/u)
        expect(displayName(name)).toBe(name)
      }),
      { numRuns: 1000 },
    )
  })

  it.each(Object.entries(REFUSED_CHARACTERS))('never contains %s', (_what, character) => {
    fc.assert(
      fc.property(anyText, anyText, (before, after) => {
        expect(displayName(`${before}x${character}x${after}`)).toBeUndefined()
      }),
      { numRuns: 20 },
    )
    expect(displayName(`Asha ${character}Rao`)).toBeUndefined()
    expect(displayName(character)).toBeUndefined()
  })

  it.each([
    ['nothing', ''],
    ['spaces', ' \u00a0\u3000\u2003'],
    ['a blank Braille pattern', '\u2800'],
    ['several blank Braille patterns', ' \u2800\u2800 '],
    ['blank hieroglyphs', '\u{13441}\u{13442}'],
    ['variation selectors', '\ufe0f\ufe0e\u{e0100}'],
    ['combining marks', '\u0301\u0303'],
    ['a virama and a joiner', '\u094d\u200d'],
    ['punctuation', '-.,!'],
    ['a number sign', '#'],
    ['private use characters', '\ue000\ue001'],
  ])('needs a letter, a digit or an emoji: %s is not enough', (_what, text) => {
    expect(displayName(text)).toBeUndefined()
    expect(displayName(`${text}7`)).toBeDefined()
  })

  it('is trimmed before it is checked', () => {
    for (const edge of ['\n', '\r\n', '\t', '\v', '\f', '\ufeff', '\u2028', '\u2029', '\u00a0']) {
      expect(displayName(`${edge}Asha Rao${edge}`)).toBe('Asha Rao')
      expect(displayName(edge)).toBeUndefined()
    }
    expect(displayName(`${' '.repeat(1000)}${'a'.repeat(128)}\n`)).toBe('a'.repeat(128))
  })

  it('may be in any script, with marks, digits, punctuation and emoji', () => {
    const names = [
      'डॉ. मीरा अय्यर',
      'ডা. রহমান',
      'ด.ร. สมชาย',
      '张医生',
      '葛\u{e0100}城',
      '김민준',
      "O'Brien-Smith, M.D.",
      'Åsa 2',
      '7',
      '🧑🏽',
      '🇮🇳',
      '#\ufe0f\u20e3',
      '❤\ufe0f',
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
