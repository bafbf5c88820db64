import type { Refusal } from '../../contract/problem.ts'

/** An entity tag (RFC 9110, section 8.8.3): `"…"`, or `W/"…"` if it is weak. */
const ENTITY_TAG = /^(?:W\/)?"(?<opaque>[\x21\x23-\x7e]*)"$/

/**
 * A version, and what a proxy that compresses appends to it: `-gzip` (Apache), `--gzip` (Jetty) or `;gzip`, with any
 * content coding.
 */
const VERSION = /^(?<version>[1-9]\d{0,8})(?:(?:--?|;)[a-z]{1,16})?$/

const POINTER = '/headers/if-match'

/**
 * Reads the versions of a consultation from If-Match (RFC 9110, section 13.1.1). A weak entity tag counts as well, against
 * that section: a proxy that compresses (nginx) makes tags weak, but the version in it is exact.
 * @param header the value of If-Match: one or more entity tags of a consultation
 * @returns the versions, none if no entity tag contains one; `version-required` without a header or for `*`, which would
 *   overwrite any version; `invalid-request` if the header is not a list of entity tags
 */
export function parseIfMatch(header: string | undefined): readonly number[] | Refusal {
  if (header === undefined) return { code: 'version-required' }
  if (header.trim() === '*')
    return { code: 'version-required', errors: [{ pointer: POINTER, message: 'must name a version: * allows any' }] }
  const tags = header.split(',').map((tag) => ENTITY_TAG.exec(tag.trim())?.groups?.['opaque'])
  if (tags.includes(undefined)) {
    const message = 'must be the ETag of the consultation, with its quotes, such as "3"'
    return { code: 'invalid-request', errors: [{ pointer: POINTER, message }] }
  }
  return tags.flatMap((opaque = '') => {
    const version = VERSION.exec(opaque)?.groups?.['version']
    return version === undefined ? [] : [Number(version)]
  })
}
