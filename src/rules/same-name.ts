/**
 * Marks that people leave out or add without making another name: accents and Arabic vowel signs (both Inherited), Hebrew points,
 * and the nuktas of Indic scripts. The vowel signs of Indic scripts are not among them, because they distinguish names.
 */
const OPTIONAL_MARKS = /[\p{M}&&[\p{Script=Inherited}\p{Script=Hebrew}\u093c\u09bc\u0a3c\u0abc\u0b3c\u0c3c\u0cbc]]/gv

const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu

/** Spaces, punctuation and symbols. */
const SEPARATORS = /[^\p{L}\p{M}\p{N}]/gu

/**
 * Letters that are encoded in two ways which look the same and have no normalization: Malayalam chillus and the Bengali khanda
 * ta, as a consonant and a virama (The Unicode Standard, chapter 12). The joiner after the virama is ignored.
 */
const SPELLINGS: Readonly<Record<string, string>> = {
  '\u09ce': '\u09a4\u09cd',
  '\u0d7a': '\u0d23\u0d4d',
  '\u0d7b': '\u0d28\u0d4d',
  '\u0d7c': '\u0d30\u0d4d',
  '\u0d7d': '\u0d32\u0d4d',
  '\u0d7e': '\u0d33\u0d4d',
  '\u0d7f': '\u0d15\u0d4d',
}
const RESPELLED = new RegExp(`[${Object.keys(SPELLINGS).join('')}]`, 'g')

/** Upper case first, because it joins more letters than lower case: ß and ss, dotless and dotted i. */
const foldCase = (text: string): string => text.toUpperCase().toLowerCase()

function comparisonKey(name: string): string {
  const visible = foldCase(name.normalize('NFKD')).normalize('NFKD').replace(INVISIBLE, '')
  const letters = visible
    .replace(RESPELLED, (letter) => SPELLINGS[letter] ?? letter)
    .replace(OPTIONAL_MARKS, '')
    .replace(SEPARATORS, '')
  // A name of emoji only has no letters.
  return letters === '' ? visible : letters
}

/**
 * Whether a display name is among others for a person who reads them. Names are the same if they differ only in case, width,
 * accents, spaces, punctuation, symbols and invisible characters. Letters of different scripts that look alike are different.
 */
export function isNameAmong(name: string, others: readonly string[]): boolean {
  const key = comparisonKey(name)
  return others.some((other) => comparisonKey(other) === key)
}
