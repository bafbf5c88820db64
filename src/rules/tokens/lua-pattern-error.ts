import { endOfItem } from './lua-pattern.ts'

const MAX_CAPTURES = 32

const MISSING_BRACKET = "malformed pattern (missing ']')"

/** The captures up to a place in a pattern. */
type Captures = { open: number[]; closed: Set<number>; count: number }

/**
 * Finds the error that Lua raises for a pattern. A pattern with an error matches nothing, because a match reads all of it.
 * @returns the message of Lua, without its position; undefined for a valid pattern
 */
export function findPatternError(pattern: string): string | undefined {
  const captures: Captures = { open: [], closed: new Set(), count: 0 }
  for (let at = pattern.startsWith('^') ? 1 : 0; at < pattern.length;) {
    const item = readItem(pattern, at, captures)
    if (typeof item === 'string') return item
    at = item
  }
  return captures.open.length > 0 ? 'unfinished capture' : undefined
}

/** Reads one item of a pattern. @returns the index after it, or the error */
function readItem(pattern: string, at: number, captures: Captures): number | string {
  const [character, next = ''] = [pattern[at], pattern[at + 1]]
  if (character === '(') {
    if (captures.count >= MAX_CAPTURES) return 'too many captures'
    const isPosition = next === ')'
    if (isPosition) captures.closed.add(captures.count)
    else captures.open.push(captures.count)
    captures.count += 1
    return at + (isPosition ? 2 : 1)
  }
  if (character === ')') {
    const closed = captures.open.pop()
    if (closed === undefined) return 'invalid pattern capture'
    captures.closed.add(closed)
    return at + 1
  }
  if (character === '%' && next === 'b') return at + 3 < pattern.length ? at + 4 : "missing arguments to '%b'"
  if (character === '%' && next === 'f') {
    if (pattern[at + 2] !== '[') return "missing '[' after '%f' in pattern"
    return endOfItem(pattern, at + 2) ?? MISSING_BRACKET
  }
  if (character === '%' && /[0-9]/.test(next)) {
    return captures.closed.has(Number(next) - 1) ? at + 2 : `invalid capture index %${next}`
  }
  const end = endOfItem(pattern, at)
  if (end === undefined) return character === '%' ? "malformed pattern (ends with '%')" : MISSING_BRACKET
  return /[*+?-]/.test(pattern[end] ?? '') ? end + 1 : end
}
