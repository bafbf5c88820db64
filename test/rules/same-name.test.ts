import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { displayName } from '../../src/rules/person.ts'
import { isNameAmong } from '../../src/rules/same-name.ts'
import { anyCharacter } from '../support/arbitraries.ts'

const isSameName = (one: string, other: string): boolean => isNameAmong(one, ['Somebody Else', other])

const anyName = fc.string({ unit: anyCharacter, minLength: 1, maxLength: 40 })

describe('names are the same if they differ only in', () => {
  it.each([
    ['case', 'Dr. Meera Iyer', 'DR. MEERA iyer'],
    ['full-width letters', 'Dr. Meera Iyer', 'Ｄｒ． Ｍｅｅｒａ Ｉｙｅｒ'],
    ['mathematical letters', 'Meera', '𝐌𝐞𝐞𝐫𝐚'],
    ['extra spaces', 'Dr. Meera Iyer', 'Dr.  Meera\u00a0\u3000Iyer'],
    ['missing spaces', 'Dr. Meera Iyer', 'Dr.MeeraIyer'],
    ['a blank Braille pattern', 'Meera Iyer', 'Meera\u2800Iyer'],
    ['the punctuation of a title', 'Dr. Meera Iyer', 'Dr Meera Iyer'],
    ['hyphens and apostrophes', "Meera O'Brien-Iyer", 'Meera OBrien Iyer'],
    ['symbols around the name', 'Meera Iyer', '★ Meera Iyer 🩺'],
    ['a joiner', 'Meera Iyer', 'Mee\u200dra Iy\u200cer'],
    ['a variation selector', 'Meera Iyer', 'Meera\ufe0f Iyer'],
    ['accents', 'Zoe Muller', 'Zoë Müller'],
    ['composition', 'Zo\u00eb', 'Zoe\u0308'],
    ['sharp s', 'Strauß', 'STRAUSS'],
    ['dotless i', 'Işıl', 'ISIL'],
    ['the final sigma', 'Νικος', 'ΝΙΚΟΣ'],
    ['a ligature', 'Graffiti', 'Gra\ufb03ti'],
    ['a nukta', 'फ़ातिमा', 'फातिमा'],
    ['Arabic vowel signs', 'محمد', 'مُحَمَّد'],
    ['Hebrew points', 'שרה', 'שָׂרָה'],
    ['a chillu', 'രമേശൻ', 'രമേശന്\u200d'],
    ['a khanda ta', 'উৎপল', 'উত্\u200dপল'],
    ['a conjunct', 'क्षमा', 'क्\u200dषमा'],
    ['the emoji presentation', '❤', '❤\ufe0f'],
  ])('%s', (_what, one, other) => {
    expect(isSameName(one, other)).toBe(true)
    expect(isSameName(other, one)).toBe(true)
  })
})

describe('names are different if they differ in', () => {
  it.each([
    ['a letter', 'Meera Iyer', 'Meena Iyer'],
    ['a word', 'Meera Iyer', 'Meera'],
    ['the order of words', 'Meera Iyer', 'Iyer Meera'],
    ['a digit', 'Guest 1', 'Guest 2'],
    ['a vowel sign', 'राम', 'रिमा'],
    ['a Tamil vowel sign', 'மீரா', 'மாரி'],
    ['a Thai tone mark', 'ปา', 'ป้า'],
    ['script', 'Ram', 'राम'],
    ['emoji', '🧑', '🐦'],
    ['emoji beside letters', 'Asha 🧑', 'Ashok 🧑'],
  ])('%s', (_what, one, other) => {
    expect(isSameName(one, other)).toBe(false)
    expect(isSameName(other, one)).toBe(false)
  })
})

describe('the comparison', () => {
  it('does not depend on case, width of spaces, punctuation or normalization', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        expect(isSameName(name, name)).toBe(true)
        expect(isSameName(name, name.normalize('NFD'))).toBe(true)
        const accepted = displayName(name)
        if (accepted !== undefined && /[\p{L}\p{N}]/u.test(accepted)) {
          expect(isSameName(name, `  ${name}.\u00a0-`)).toBe(true)
        }
      }),
    )
  })

  it('holds for letters of any case', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-ZäöüßéñçА-Яа-яΑ-Ωα-ω ]{1,40}$/), (name) => {
        expect(isSameName(name, name.toUpperCase())).toBe(true)
        expect(isSameName(name, name.toUpperCase().toLowerCase())).toBe(true)
      }),
    )
  })
})
