import { HttpProblem } from './problems.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Parses JSON as RFC 8259 and I-JSON (RFC 7493) have it, which is stricter than JSON.parse: UTF-8 without a byte order
 * mark, no key twice in an object, no lone surrogate.
 * @param bytes the body as it came
 * @throws HttpProblem `invalid-json`
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  let value: unknown
  try {
    const text = utf8.decode(bytes)
    value = JSON.parse(text)
    refuseAmbiguity(text, value)
  } catch {
    throw new HttpProblem({ code: 'invalid-json' })
  }
  return value
}

// In text that JSON.parse took, a string followed by a colon is a key.
const STRINGS = /"(?:[^"\\]|\\.)*"(?:\s*:)?/g

/** A key that stands twice leaves fewer behind than were written. */
function refuseAmbiguity(text: string, value: unknown): void {
  const strings = text.match(STRINGS) ?? []
  if (strings.filter((string) => string.endsWith(':')).length !== keysIn(value)) throw new SyntaxError('duplicate key')
  // UTF-8 holds no lone surrogate, so an escape has to name it.
  if (text.includes('\\u') && !strings.every(isWellFormed)) throw new SyntaxError('lone surrogate')
}

/** @returns how many keys there are in all objects of a value; not by recursion, for arrays may be as deep as a body is long */
function keysIn(value: unknown): number {
  let count = 0
  const left = [value]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (typeof next !== 'object' || next === null) continue
    const members: unknown[] = Object.values(next)
    if (!Array.isArray(next)) count += members.length
    left.push(...members)
  }
  return count
}

const isWellFormed = (string: string): boolean =>
  (JSON.parse(string.slice(0, string.lastIndexOf('"') + 1)) as string).isWellFormed()
