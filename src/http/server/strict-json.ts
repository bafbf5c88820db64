import { HttpProblem } from './problems.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Parses JSON by RFC 8259 and I-JSON (RFC 7493), which are stricter than JSON.parse: UTF-8 without a byte order mark,
 * no duplicate keys in an object, no lone surrogates.
 * @param bytes the body as received
 * @throws HttpProblem `invalid-json`
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  let value: unknown
  try {
    const text = utf8.decode(bytes)
    value = JSON.parse(text)
    checkUnambiguous(text, value)
  } catch {
    throw new HttpProblem({ code: 'invalid-json' })
  }
  return value
}

// In text that JSON.parse accepts, a string before a colon is a key.
const STRINGS = /"(?:[^"\\]|\\.)*"(?:\s*:)?/g

/** JSON.parse merges duplicate keys, so the value then has fewer keys than the text. */
function checkUnambiguous(text: string, value: unknown): void {
  const strings = text.match(STRINGS) ?? []
  if (strings.filter((string) => string.endsWith(':')).length !== countKeys(value))
    throw new SyntaxError('duplicate key')
  // Valid UTF-8 contains no lone surrogates; only an escape can produce one.
  if (text.includes('\\u') && !strings.every(isWellFormed)) throw new SyntaxError('lone surrogate')
}

/**
 * @returns the number of keys in all objects of a value; not recursive, because only its size bounds the depth of a
 *   body
 */
function countKeys(value: unknown): number {
  let count = 0
  const pending = [value]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next !== 'object' || next === null) continue
    const values: unknown[] = Object.values(next)
    if (!Array.isArray(next)) count += values.length
    pending.push(...values)
  }
  return count
}

const isWellFormed = (string: string): boolean =>
  (JSON.parse(string.slice(0, string.lastIndexOf('"') + 1)) as string).isWellFormed()
