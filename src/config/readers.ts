import { isIP } from 'node:net'
import { FormatRegistry, type TInteger, type TString, Type, type TUnsafe } from '@sinclair/typebox'
import { oneOf } from '../contract/one-of.ts'
import { displayName } from '../rules/person.ts'
import type { Reader } from './setting.ts'

const unchanged = (text: string): string => text

/** Text that matches a pattern. */
export const text = (pattern: RegExp, description: string): Reader<TString> => ({
  schema: Type.String({ pattern: pattern.source, description }),
  parse: unchanged,
})

/**
 * Text that passes a check that no pattern can express.
 * @param format the name of the check, unique in this process
 */
export function formatted(format: string, check: (value: string) => boolean, description: string): Reader<TString> {
  FormatRegistry.Set(format, check)
  return { schema: Type.String({ format, description }), parse: unchanged }
}

/** One of some words. */
export const word = <T extends string>(...words: T[]): Reader<ReturnType<typeof oneOf<T>>> => ({
  schema: oneOf(words),
  parse: unchanged,
})

/** A whole number in decimal digits; both bounds are inclusive. */
export const wholeNumber = (minimum: number, maximum: number): Reader<TInteger> => ({
  schema: Type.Integer({ minimum, maximum, description: `a whole number from ${minimum} to ${maximum}` }),
  parse: (digits) => (/^\d+$/.test(digits) ? Number(digits) : digits),
})

/** A list whose items are separated by commas; spaces around an item are ignored. */
function listOf({ schema, parse }: Reader<TString>): Reader<TUnsafe<readonly string[]>> {
  const description = `${schema.description ?? ''}; several are separated by commas`
  return {
    schema: Type.Unsafe<readonly string[]>(Type.Array(schema, { description })),
    parse: (items) => items.split(',').map((item) => parse(item.trim())),
  }
}

export const path = text(/^\S(?:.*\S)?$/, 'a path')

export const port = wholeNumber(0, 65_535)

export const perMinute = wholeNumber(1, 1_000_000)

/** The value of a JWT claim or of `app_id`. */
export const claim = text(/^[\x21-\x7e]{1,255}$/, '1 to 255 printable ASCII characters without spaces')

/** A secret that is used, as it is, as the key of a MAC. RFC 7518, section 3.2, sets the length for HS256. */
export const macKey = formatted(
  'mac-key',
  (key) => Buffer.byteLength(key) >= 32,
  'at least 256 bits (32 bytes), for example the output of openssl rand -base64 48',
)

/** A MAC key that stands in a configuration file of Prosody as well, in a Lua string on one line. */
export const sharedSecret = formatted(
  'shared-secret',
  (key) => Buffer.byteLength(key) >= 32 && !/[\r\n]/.test(key),
  `${macKey.schema.description ?? ''}, on one line`,
)

function isOrigin(value: string): boolean {
  const url = URL.parse(value)
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === value && !value.includes('*')
}

export const origin = formatted('origin', isOrigin, 'an origin such as https://8x8.vc')

/** Origins for CORS; `*` stands for all of them. */
export const corsOrigins = listOf(
  formatted(
    'cors-origin',
    (value) => value === '*' || isOrigin(value),
    'an origin such as https://app.example.org, or *',
  ),
)

/** A URL to which paths can be appended; http is allowed for localhost only. */
export const publicUrl: Reader<TString> = {
  ...formatted(
    'public-url',
    (value) => {
      const url = URL.parse(value)
      const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && url.hostname === 'localhost')
      return isSafe && !/[?#@\s]/.test(value)
    },
    'an https URL such as https://visits.example.org, without credentials, query and fragment',
  ),
  parse: (url) => url.replace(/\/+$/, ''),
}

/** Text that people see, by the rule of display names. */
export const displayText = formatted(
  'display-text',
  (value) => displayName(value) === value,
  '1 to 128 characters with a letter or digit, without invisible characters',
)

/** Any absolute https URL; http is allowed for localhost only. */
export const httpsUrl = formatted(
  'https-or-localhost-url',
  (value) => {
    const url = URL.parse(value)
    const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && url.hostname === 'localhost')
    return isSafe && url.username === '' && url.password === '' && !/\s/.test(value)
  },
  'an https URL without credentials',
)

/** Languages by their tags (RFC 5646). */
export const languages = listOf(text(/^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/, 'a language tag such as en or hi'))

/** The sizes of an address in bits, by IP version. */
const ADDRESS_BITS: Record<number, number> = { 4: 32, 6: 128 }

function isAddressRange(value: string): boolean {
  const [, address = '', prefix] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(value) ?? []
  const bits = ADDRESS_BITS[isIP(address)]
  if (bits === undefined) return false
  // A prefix of 0 would trust the X-Forwarded-For header of every client.
  return prefix === undefined || (Number(prefix) >= 1 && Number(prefix) <= bits)
}

const addressRanges = listOf(
  formatted('address-range', isAddressRange, 'an IP address or a CIDR range such as 10.0.0.0/8'),
)

/** More proxies than a request passes; a larger number is most often a mistake. */
const MAX_PROXIES = 10

/** The addresses of proxies, or their number. */
export const proxies: Reader<TUnsafe<readonly string[] | number>> = {
  schema: Type.Unsafe(
    Type.Union([addressRanges.schema, Type.Integer({ minimum: 1, maximum: MAX_PROXIES })], {
      description: `${addressRanges.schema.description ?? ''}; or the number of proxies, from 1 to ${MAX_PROXIES}`,
    }),
  ),
  parse: (value) => (/^\d+$/.test(value) ? Number(value) : addressRanges.parse(value)),
}

export const redisUrl = formatted(
  'redis-url',
  (value) => {
    const url = URL.parse(value)
    return url !== null && /^rediss?:$/.test(url.protocol) && url.hostname !== ''
  },
  'redis://<host> or rediss://<host>',
)

/** First parts of the paths of the service, which a base path must not have: a proxy that removes it would be ambiguous. */
const OWN_PATHS = [
  ...['api', 'asap', 'docs', 'join', 'livez', 'metrics', 'openapi.yaml', 'page-config.json', 'readyz'],
  'teleconsultation',
]

/** The path of a URL, without a slash at the end; `/` is the root of the host. */
export const basePath: Reader<TString> = {
  ...formatted(
    'base-path',
    (value) => /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$/.test(value) && !OWN_PATHS.includes(value.split('/')[1] ?? ''),
    `a path such as /tokens, whose first part is not one of ${OWN_PATHS.join(', ')}`,
  ),
  parse: (given) => given.replace(/\/+$/, ''),
}
