import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { displayName } from '../../src/rules/person.ts'
import { hasMisplacedJoiner } from '../../src/rules/joiners.ts'
import { anyCharacter } from '../support/arbitraries.ts'

const ZWNJ = '\u200c'
const ZWJ = '\u200d'
const VIRAMA = '\u094d'

/**
 * Whether a character has the canonical combining class 9: canonical ordering puts it after a mark of class 8 (U+3099) and
 * before one of class 10 (U+05B0).
 */
const isVirama = (character: string): boolean =>
  character !== '\u3099' &&
  character !== '\u05b0' &&
  `${character}\u3099`.normalize('NFD') === `\u3099${character}` &&
  `\u05b0${character}`.normalize('NFD') === `${character}\u05b0`

describe('a joiner', () => {
  it.each([
    ['Malayalam chillu at the end', `രമേശന്${ZWJ}`],
    ['Malayalam virama at the end', `പ്രവീണ്${ZWNJ}`],
    ['Malayalam chillu before another word', `രമേശന്${ZWJ} നായര്${ZWJ}`],
    ['Bengali ya-phalaa', `র${ZWJ}্যাফেল`],
    ['Bengali ya-phalaa with a non-joiner', `র${ZWNJ}্যাব`],
    ['Marathi eyelash ra', `र्${ZWJ}य`],
    ['Marathi name', `दर्${ZWJ}या पाटील`],
    ['Nepali name', `गर्${ZWJ}यो`],
    ['Hindi explicit virama', `लक्${ZWNJ}ष्मी`],
    ['Gujarati half form', `ક્${ZWJ}ષ`],
    ['Kannada ra + ya', `ರ${ZWJ}್ಯಾಫೆಲ್`],
    ['Kannada explicit virama', `ರಾಜ್${ZWNJ}ಕುಮಾರ್`],
    ['Telugu explicit virama', `రాజ్${ZWNJ}కుమార్`],
    ['Tamil explicit virama', `லக்${ZWNJ}ஷ்மி`],
    ['Sinhala rakaransaya', `ශ්${ZWJ}රී`],
    ['Sinhala touching letters', `ක${ZWJ}්ෂ`],
    ['Khmer register shifter', `ប${ZWNJ}៊ី`],
    ['Persian compound', `سیده${ZWNJ}زهرا`],
    ['Persian compound with marks', `مُحَمَّد${ZWNJ}عَلی`],
    ['Persian initial', `ه${ZWJ}. ا. سایه`],
    ['Urdu compound', `خوش${ZWNJ}بخت`],
    ['Kurdish compound', `نە${ZWNJ}ژاد`],
    ['Syriac compound', `ܒܪ${ZWNJ}ܨܘܡܐ`],
    ['emoji family', `👨${ZWJ}👩${ZWJ}👧`],
    ['emoji with a skin tone', `👩🏽${ZWJ}⚕\ufe0f Meera`],
    ['emoji with a variation selector', `🏳\ufe0f${ZWJ}🌈`],
  ])('stays in place: %s', (_what, text) => {
    expect(hasMisplacedJoiner(text.normalize('NFC'))).toBe(false)
    expect(displayName(` ${text}\n`)).toBe(text.normalize('NFC'))
  })

  it.each([
    ['in a Latin word', `As${ZWNJ}ha`, `As${ZWJ}ha`],
    ['in a Greek word', `Μα${ZWNJ}ρία`, `Μα${ZWJ}ρία`],
    ['in a Cyrillic word', `Ма${ZWNJ}рия`, `Ма${ZWJ}рия`],
    ['in a Chinese word', `张${ZWNJ}医生`, `张${ZWJ}医生`],
    ['at the beginning', `${ZWNJ}मीरा`, `${ZWJ}मीरा`],
    ['after a letter without virama', `मी${ZWNJ}रा`, `मी${ZWJ}रा`],
    ['twice', `र्${ZWJ}${ZWJ}य`, `र्${ZWNJ}${ZWNJ}य`],
    ['after a space', `मीरा ${ZWNJ}राव`, `मीरा ${ZWJ}राव`],
    ['after a digit', `7${ZWNJ}7`, `7${ZWJ}7`],
    ['between scripts', `ع${ZWNJ}a`, `a${ZWJ}ع`],
    ['at the end of an Arabic word', `علی${ZWNJ}`, `a${ZWJ}`],
    ['between letters that join anyway', `a${ZWNJ}`, `ع${ZWJ}ل`],
    ['beside an emoji', `👩${ZWNJ}👩`, `👩${ZWJ}a`],
  ])('is refused %s', (_where, ...texts) => {
    for (const text of texts) {
      expect(hasMisplacedJoiner(text)).toBe(true)
      expect(displayName(text)).toBeUndefined()
    }
  })

  it('has an effect after each virama, and after no other mark of a script without cursive letters', () => {
    const marks = Array.from({ length: 0x20000 }, (_, codePoint) => String.fromCodePoint(codePoint)).filter(
      (character) => /^\p{M}$/u.test(character),
    )
    expect(marks.filter(isVirama).length).toBeGreaterThan(60)
    const accepted = marks.filter((mark) => !hasMisplacedJoiner(`क${mark}${ZWJ}ष`))
    expect(accepted).toStrictEqual(marks.filter(isVirama))
  })

  it('is never misplaced in a text without joiners, and one is enough to refuse a text', () => {
    const unit = anyCharacter.filter((character) => character !== ZWNJ && character !== ZWJ)
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 50 }), fc.string({ unit, maxLength: 50 }), (before, after) => {
        expect(hasMisplacedJoiner(`${before}${after}`)).toBe(false)
        expect(hasMisplacedJoiner(`${before}a${ZWJ}b${after}`)).toBe(true)
        expect(hasMisplacedJoiner(`क${VIRAMA}${ZWJ}ष${before}a${ZWNJ}b${after}`)).toBe(true)
      }),
    )
  })
})
