import type { FastifyRequest } from 'fastify'
import type { App } from './app-type.ts'
import { HttpProblem } from './problems.ts'

/**
 * Reads request bodies: JSON only, without compression. A request without a body may have any Content-Type, because HTTP
 * clients set one for all requests.
 * @throws HttpProblem `unsupported-content-encoding`, `invalid-json`; `invalid-request` for a body that the route does not
 *   take; from Fastify `unsupported-media-type` and `payload-too-large`
 */
export function readJsonBodies(app: App): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (isWithoutBody(request)) delete request.headers['content-type']
    done()
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) => {
    const takesBody = request.routeOptions.schema?.body !== undefined
    // A chunked body, whose length the headers do not tell.
    if (body.length === 0 && !takesBody) return undefined
    checkContentEncoding(request.headers['content-encoding'])
    const value = parseStrictJson(body)
    if (!takesBody && !isEmptyObject(value)) {
      const errors = [{ pointer: '', message: 'must be left out: this request has no body' }]
      throw new HttpProblem({ code: 'invalid-request', errors })
    }
    return value
  })
}

const isWithoutBody = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0'

const isEmptyObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0

/** @param header content codings, separated by commas (RFC 9110, section 8.4) */
function checkContentEncoding(header = ''): void {
  const codings = header.split(',').map((coding) => coding.trim().toLowerCase())
  if (codings.some((coding) => coding !== '' && coding !== 'identity'))
    throw new HttpProblem({ code: 'unsupported-content-encoding' })
}

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
    const detail = explainBytes(bytes)
    throw new HttpProblem({ code: 'invalid-json', ...(detail === undefined ? {} : { detail }) })
  }
  return value
}

/** @returns what to do if the bytes are in another encoding than UTF-8; undefined if they are UTF-8 */
function explainBytes(bytes: Uint8Array): string | undefined {
  const [first = 1, second = 1, third] = bytes
  if (first === 0xef && second === 0xbb && third === 0xbf)
    return 'The body begins with a byte order mark (EF BB BF). Send the JSON without it.'
  // By byte order mark, or by the zero byte of the first ASCII character.
  const isUtf16 = (first === 0xfe && second === 0xff) || (first === 0xff && second === 0xfe) || first * second === 0
  if (isUtf16) return 'The body is UTF-16 or UTF-32. Send the JSON in UTF-8.'
  try {
    utf8.decode(bytes)
  } catch {
    return 'The body is not valid UTF-8. Send the JSON in UTF-8.'
  }
  return undefined
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
