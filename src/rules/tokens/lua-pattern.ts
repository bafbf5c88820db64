/**
 * Lua patterns, as `string.match` of Lua 5.4 reads them (Lua 5.4 Reference Manual, section 6.4.1). Texts and patterns are
 * sequences of bytes, here strings of the characters U+0000 to U+00FF.
 */

/** Tests of the classes `%a`, `%d` …, of which an upper-case letter is the complement. Letters are those of the C locale. */
const CLASSES: Record<string, RegExp> = {
  a: /[A-Za-z]/,
  c: /[^ -~\x80-\xff]/,
  d: /[0-9]/,
  g: /[\x21-\x7e]/,
  l: /[a-z]/,
  p: /[!-/:-@[-`{-~]/,
  s: /[\t-\r ]/,
  u: /[A-Z]/,
  w: /[A-Za-z0-9]/,
  x: /[A-Fa-f0-9]/,
  // Deprecated, but still read.
  z: /\0/,
}

/** @returns the bytes of a text in UTF-8, as a pattern is compared with them */
export const toBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** @returns the index after the item at `at`: a character, an escaped one, or a set in brackets; undefined if it is malformed */
export function endOfItem(pattern: string, at: number): number | undefined {
  if (pattern[at] === '%') return at + 1 < pattern.length ? at + 2 : undefined
  if (pattern[at] !== '[') return at + 1
  let end = at + (pattern[at + 1] === '^' ? 2 : 1)
  // The first character belongs to the set even if it is `]`.
  do {
    if (end >= pattern.length) return undefined
    end += pattern[end] === '%' ? 2 : 1
  } while (pattern[end] !== ']')
  return end + 1
}

function isInClass(character: string, name: string): boolean {
  const test = CLASSES[name.toLowerCase()]
  if (test === undefined) return character === name
  return test.test(character) === (name === name.toLowerCase())
}

/** @param set `[…]`, with both brackets */
function isInSet(character: string, set: string): boolean {
  const isComplement = set[1] === '^'
  const last = set.length - 1
  for (let at = isComplement ? 2 : 1; at < last; at += 1) {
    const member = set[at] ?? ''
    if (member === '%') {
      at += 1
      if (isInClass(character, set[at] ?? '')) return !isComplement
    } else if (set[at + 1] === '-' && at + 2 < last) {
      at += 2
      if (member <= character && character <= (set[at] ?? '')) return !isComplement
    } else if (member === character) return !isComplement
  }
  return isComplement
}

/** A capture: where it begins, and its end; a capture `()` is a position. */
type Capture = { start: number; end: number | 'open' | 'position' }

/**
 * Matches a valid pattern at the start of a text, as `string.match` does for a pattern with `^`. A match that begins later is
 * not the whole text, so that nobody needs it here; trying each start would take a hundred times as long.
 * @param pattern a pattern for which `findPatternError` returns undefined; with three quantifiers and 128 bytes at most, a
 *   match takes some 400,000 steps at most
 * @returns the first capture, or the whole match if there is none; a position counts from 1; undefined without a match
 */
export function matchAtStart(text: string, pattern: string): string | number | undefined {
  const found = matchHere(text, pattern, 0, pattern.startsWith('^') ? 1 : 0, [])
  if (found === undefined) return undefined
  const [first] = found.captures
  if (first === undefined) return text.slice(0, found.end)
  return typeof first.end === 'number' ? text.slice(first.start, first.end) : first.start + 1
}

type Found = { end: number; captures: readonly Capture[] }

/** Matches the pattern from `at` on with the text from `from` on. */
function matchHere(
  text: string,
  pattern: string,
  from: number,
  at: number,
  captures: readonly Capture[],
): Found | undefined {
  const go = (start: number, next: number, now = captures) => matchHere(text, pattern, start, next, now)
  if (at === pattern.length) return { end: from, captures }
  const [character, next = ''] = [pattern[at], pattern[at + 1]]
  if (character === '(') {
    const isPosition = next === ')'
    return go(from, at + (isPosition ? 2 : 1), [...captures, { start: from, end: isPosition ? 'position' : 'open' }])
  }
  if (character === ')') {
    const closing = captures.findLastIndex(({ end }) => end === 'open')
    return go(from, at + 1, captures.with(closing, { start: captures[closing]?.start ?? 0, end: from }))
  }
  if (character === '$' && at + 1 === pattern.length) return from === text.length ? { end: from, captures } : undefined
  if (character === '%' && next === 'b') {
    const end = endOfBalanced(text, from, pattern[at + 2], pattern[at + 3])
    return end === undefined ? undefined : go(end, at + 4)
  }
  if (character === '%' && next === 'f') {
    const end = endOfItem(pattern, at + 2) ?? pattern.length
    const set = pattern.slice(at + 2, end)
    return !isInSet(text[from - 1] ?? '\0', set) && isInSet(text[from] ?? '\0', set) ? go(from, end) : undefined
  }
  if (character === '%' && /[0-9]/.test(next)) {
    const { start = 0, end = 0 } = captures[Number(next) - 1] ?? {}
    const captured = typeof end === 'number' ? text.slice(start, end) : undefined
    return captured !== undefined && text.startsWith(captured, from) ? go(from + captured.length, at + 2) : undefined
  }
  return matchRepeated(text, pattern, from, at, go)
}

/** Matches an item of one character, with its quantifier. */
function matchRepeated(
  text: string,
  pattern: string,
  from: number,
  at: number,
  go: (start: number, next: number) => Found | undefined,
): Found | undefined {
  const end = endOfItem(pattern, at) ?? pattern.length
  const item = pattern.slice(at, end)
  const matches = (index: number) => index < text.length && isItem(text[index] ?? '', item)
  const quantifier = pattern[end] ?? ''
  if (!/[*+?-]/.test(quantifier)) return matches(from) ? go(from + 1, end) : undefined
  if (quantifier === '-') {
    for (let index = from; ; index += 1) {
      const found = go(index, end + 1)
      if (found !== undefined || !matches(index)) return found
    }
  }
  let last = from
  const most = quantifier === '?' ? from + 1 : text.length
  while (last < most && matches(last)) last += 1
  for (let index = last; index >= from + (quantifier === '+' ? 1 : 0); index -= 1) {
    const found = go(index, end + 1)
    if (found !== undefined) return found
  }
  return undefined
}

function isItem(character: string, item: string): boolean {
  if (item === '.') return true
  if (item.startsWith('%')) return isInClass(character, item[1] ?? '')
  return item.startsWith('[') ? isInSet(character, item) : item === character
}

/** @returns the index after the text in balanced `open` and `close` that begins at `from` */
function endOfBalanced(text: string, from: number, open?: string, close?: string): number | undefined {
  if (text[from] !== open) return undefined
  let depth = 1
  for (let index = from + 1; index < text.length; index += 1) {
    if (text[index] === close) {
      depth -= 1
      if (depth === 0) return index + 1
    } else if (text[index] === open) depth += 1
  }
  return undefined
}
