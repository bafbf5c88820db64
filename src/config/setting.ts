import { isIP } from 'node:net'

/** How the text of a variable becomes a value; `undefined` where it does not fit. */
export type Read<T> = (text: string) => T | undefined

export const matching =
  (pattern: RegExp): Read<string> =>
  (text) =>
    pattern.test(text) ? text : undefined

export const oneOf =
  <T extends string>(...words: T[]): Read<T> =>
  (text) =>
    words.find((word) => word === text)

export const wholeNumber =
  (min: number, max: number): Read<number> =>
  (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    return value >= min && value <= max ? value : undefined
  }

export const port = wholeNumber(0, 65_535)

export const listOf =
  (read: Read<string>): Read<readonly string[]> =>
  (text) => {
    const items = text.split(',').map((item) => read(item.trim()))
    return items.every((item) => item !== undefined) ? items : undefined
  }

export const origin: Read<string> = (text) => {
  if (text === '*') return text
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text && !text.includes('*') ? text : undefined
}

/** A URL that paths can be put behind; plain http only for this machine. */
export const isPlainUrl: Read<string> = (text) => {
  const url = URL.parse(text)
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && url.hostname === 'localhost')
  return isSafe && !/[?#@\s]/.test(text) ? text.replace(/\/+$/, '') : undefined
}

/** One origin, never all. */
export const oneOrigin: Read<string> = (text) => (text === '*' ? undefined : origin(text))

export const addressOrCidr: Read<string> = (text) => {
  const [, address = '', prefix] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0
  // A prefix of 0 would trust everybody's X-Forwarded-For.
  return bits > 0 && (prefix === undefined || (Number(prefix) >= 1 && Number(prefix) <= bits)) ? text : undefined
}

export const redisUrl: Read<string> = (text) => {
  const url = URL.parse(text)
  return url !== null && /^rediss?:$/.test(url.protocol) && url.hostname !== '' ? text : undefined
}

export const perMinute = wholeNumber(1, 1_000_000)
export const PER_MINUTE = 'a whole number from 1 to 1000000'

export const databaseUrl: Read<string> = (text) => {
  if (/^sqlite:[^:?#]+$/.test(text)) return text
  const url = URL.parse(text)
  return url !== null && /^postgres(ql)?:$/.test(url.protocol) && url.hostname !== '' && url.pathname.length > 1
    ? text
    : undefined
}

/** A secret that is used as it stands, as the key of a MAC (RFC 7518, section 3.2, for HS256). */
export const macKey: Read<string> = (text) => (Buffer.byteLength(text) >= 32 ? text : undefined)
export const MAC_KEY = 'at least 256 bits: 32 bytes, such as those that openssl rand -base64 48 prints'

/** A setting: its name is the environment variable's. */
export type Setting<T> = {
  /** What stands in when the variable is unset or empty. */
  fallback: T
  /** The default as the README shows it. */
  shown: string
  read: Read<T>
  /** What the value must be; completes "must be …". */
  rule: string
  /** One sentence for the README. */
  about: string
  /** May come from a file too, named by the variable with `_FILE` behind its name; it is never shown. */
  secret?: true
}

/** Makes a setting of the table. */
export const setting = <T>(fallback: T, shown: string, read: Read<T>, rule: string, about: string): Setting<T> => ({
  fallback,
  shown,
  read,
  rule,
  about,
})

/** The default of a setting that need not be set. */
export const optional = undefined as string | undefined
