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
    refuseAmbiguity(text)
  } catch {
    throw new HttpProblem({ code: 'invalid-json' })
  }
  return value
}

// In text that JSON.parse took, a string followed by a colon is a key, and braces outside strings are objects.
const STRINGS_AND_BRACES = /("(?:[^"\\]|\\.)*")(\s*:)?|[{}]/g

function refuseAmbiguity(text: string): void {
  const keysOfOpenObjects: Set<string>[] = []
  for (const [token, literal, colon] of text.matchAll(STRINGS_AND_BRACES)) {
    if (token === '{') keysOfOpenObjects.push(new Set())
    else if (token === '}') keysOfOpenObjects.pop()
    else {
      const string = textOf(literal ?? '')
      const keys = keysOfOpenObjects.at(-1)
      if (!string.isWellFormed()) throw new SyntaxError('lone surrogate')
      if (colon !== undefined && keys?.has(string) === true) throw new SyntaxError('duplicate key')
      if (colon !== undefined) keys?.add(string)
    }
  }
}

/** What a literal says; without an escape that is what stands between its quotes. */
const textOf = (literal: string): string =>
  literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1)
