/**
 * The characters of canonical combining class 9, the viramas (Unicode 17, DerivedCombiningClass.txt), for a character class.
 * JavaScript has no property for them.
 */
const VIRAMAS = [
  String.raw`\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d3b\u0d3c\u0d4d\u0dca\u0e3a\u0eba\u0f84`,
  String.raw`\u1039\u103a\u1714\u1715\u1734\u17d2\u1a60\u1b44\u1baa\u1bab\u1bf2\u1bf3\u2d7f\ua806\ua82c\ua8c4`,
  String.raw`\ua953\ua9c0\uaaf6\uabed\u{10a3f}\u{11046}\u{11070}\u{1107f}\u{110b9}\u{11133}\u{11134}\u{111c0}`,
  String.raw`\u{11235}\u{112ea}\u{1134d}\u{113ce}-\u{113d0}\u{11442}\u{114c2}\u{115bf}\u{1163f}\u{116b6}`,
  String.raw`\u{1172b}\u{11839}\u{1193d}\u{1193e}\u{119e0}\u{11a34}\u{11a47}\u{11a99}\u{11c3f}`,
  String.raw`\u{11d44}\u{11d45}\u{11d97}\u{11f41}\u{11f42}\u{1612f}`,
].join('')

/**
 * A letter of a cursive script. JavaScript has no property for Joining_Type, so this includes the few letters of these
 * scripts that never join the letter after them (Unicode, ArabicShaping.txt).
 */
const CURSIVE_SCRIPTS = ['Arabic', 'Syriac', 'Mandaic', 'Nko', 'Mongolian', 'Phags_Pa', 'Adlam', 'Hanifi_Rohingya']
const CURSIVE_LETTER = String.raw`[\p{L}&&[${CURSIVE_SCRIPTS.map((script) => String.raw`\p{scx=${script}}`).join('')}]]`

const ZWNJ = String.raw`\u200c`
const ZWJ = String.raw`\u200d`

/** Every place where a joiner changes how the text around it looks. */
const JOINER_IN_PLACE = new RegExp(
  [
    // After a virama, at the end of a word too: conjuncts, half forms, chillus (RFC 5892, appendices A.1 and A.2).
    String.raw`(?<=[${VIRAMAS}])[${ZWNJ}${ZWJ}]`,
    // Before a virama, as in Bengali and Kannada ra + ya and in Sinhala touching letters, or before a Khmer register
    // shifter (The Unicode Standard, chapters 12, 13 and 16).
    String.raw`(?<=[\p{L}\p{M}])[${ZWNJ}${ZWJ}](?=[${VIRAMAS}\u17c9\u17ca])`,
    // Between two letters that would join, as in Persian and Urdu (RFC 5892, appendix A.1).
    String.raw`(?<=${CURSIVE_LETTER}\p{M}*)${ZWNJ}(?=\p{M}*${CURSIVE_LETTER})`,
    // After a letter that keeps its initial form at the end of a word, as in Persian initials (The Unicode Standard, 23.2).
    String.raw`(?<=${CURSIVE_LETTER}\p{M}*)${ZWJ}(?!\p{M}*${CURSIVE_LETTER})`,
    // In an emoji (UTS #51, ED-16).
    String.raw`(?<=\p{Extended_Pictographic}\p{Emoji_Modifier}?\ufe0f?)${ZWJ}(?=\p{Extended_Pictographic})`,
  ].join('|'),
  'gv',
)

const JOINER = /[\u200c\u200d]/

/**
 * Whether a text has a joiner (U+200C, U+200D) where it has no effect. Such a joiner is invisible.
 * @param text in Unicode NFC
 */
export const hasMisplacedJoiner = (text: string): boolean =>
  JOINER.test(text) && JOINER.test(text.replace(JOINER_IN_PLACE, ''))
