import { createHash, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import { compactVerify } from 'jose'

/** What Prosody with Jitsi's token plugins was seen to do: let in, refuse, or give no answer for ever. */
export type Outcome = 'joined' | 'refused' | 'no answer'

/** How Prosody is set up, and what its key server answers. */
export type Verifier = {
  algorithm: 'RS256' | 'HS256'
  issuer: string
  audience: string
  subject: string
  secret?: string
  /** `enable_domain_verification`; on by default. */
  verifiesDomain?: boolean
  /** PEM by the hex SHA-256 of a kid, or undefined for 404. */
  keyServer: (name: string) => Promise<string | undefined>
}

type Members = Record<string, unknown>
const membersOf = (part = ''): Members => JSON.parse(Buffer.from(part, 'base64url').toString()) as Members
const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const lower = (text: string): string =>
  text.replaceAll(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 32))

/** Whether a plugin throws for a context, as it does for members of a type that it does not expect. */
function throwsFor(context: unknown): boolean {
  if (context === undefined) return false
  if (!isObject(context)) return true
  const { user, group, tenant, room } = context
  if (user !== undefined && !isObject(user)) return true
  if ([group, tenant].some((text) => text !== undefined && typeof text !== 'string')) return true
  if (room !== undefined && !isObject(room)) return true
  // The members of the user are written into a stanza, which is XML.
  return Object.values(user ?? {}).some((value) => typeof value === 'string' && !isXmlText(value))
}

function isXmlText(text: string): boolean {
  return [...text].every((character) => {
    const code = character.codePointAt(0) ?? 0
    if (code < 0x20) return [9, 10, 13].includes(code)
    if (code === 0x7f || (code >= 0xd800 && code <= 0xdfff) || (code >= 0xfdd0 && code <= 0xfdef)) return false
    return (code & 0xfffe) !== 0xfffe
  })
}

/** Whether the claims open a room at the join. @param wanted the name of the room, which has less than 129 characters */
function opens({ room, sub, context }: Members, wanted: string, { subject, verifiesDomain = true }: Verifier): boolean {
  if (typeof room !== 'string' || room === '' || Buffer.byteLength(room) > 1023) return false
  // Under a tenant, a token can be for all tenants.
  const isForTenant = typeof sub === 'string' && (lower(sub) === subject || (sub === '*' && !subject.includes('.')))
  if (verifiesDomain && !isForTenant) return false
  if (room === '*') return true
  const { regex } = isObject(context) && isObject(context['room']) ? context['room'] : {}
  if (verifiesDomain && [true, 'true'].includes(regex as string)) return patternOpens(room, wanted)
  return lower(room) === wanted
}

/** Whether string.match of Lua gives the whole name. No other claim of the tests matches one as a pattern. */
const patternOpens = (pattern: string, wanted: string): boolean => PATTERNS[pattern]?.(wanted) ?? false

/** What Lua patterns match. An invalid one, one of more than 128 characters and one of more than three repeats open nothing. */
export const PATTERNS: Record<string, (room: string) => boolean> = {
  '.*': () => true,
  'bharattelemed%-p1042%-d77%-%d+': (room) => /^bharattelemed-p1042-d77-\d+$/.test(room),
  'bharattelemed-.*': (room) => room.startsWith('bharatteleme'),
  '(bharattelemed).*': () => false,
  '[a-z%-*+?]+p1042[^x]*': (room) => room.includes('p1042'),
  'a-[': () => false,
  'team%': () => false,
  '.+.+.+.+': () => false,
  ['.*'.padStart(129, 'x')]: () => false,
}

/**
 * Judges a token in the order in which the plugins do: header, signature, times, issuer and audience at login, the room at
 * the join. Nulls and wrong types make the plugins throw, and the client waits.
 */
export async function verifierSays(
  token: string,
  room: string,
  verifier: Verifier,
  nowSeconds: number,
): Promise<Outcome> {
  const [header, claims] = token.split('.').slice(0, 2).map(membersOf) as [Members, Members]
  if (token.length > 9500) return 'no answer'
  if (header['typ'] !== 'JWT' || header['alg'] !== verifier.algorithm) return 'refused'
  if (header['kid'] === null && verifier.algorithm === 'RS256') return 'no answer'
  const key = await keyOf(header, verifier)
  if (key === undefined) return 'refused'
  const signed = await compactVerify(token, key, { algorithms: [verifier.algorithm] }).then(
    () => true,
    () => false,
  )
  if (!signed) return 'refused'
  for (const name of ['exp', 'nbf'])
    if (![undefined, false].includes(claims[name] as undefined) && typeof claims[name] !== 'number') return 'refused'
  const [exp, nbf] = [claims['exp'] === false ? undefined : claims['exp'], claims['nbf'] === false ? 0 : claims['nbf']]
  if (nowSeconds >= Number(exp ?? Infinity) || nowSeconds < Number(nbf ?? 0)) return 'refused'
  if (claims['iss'] !== verifier.issuer || claims['aud'] !== verifier.audience) return 'refused'
  if (claims['room'] === undefined || claims['sub'] === undefined) return 'refused'
  if (typeof claims['room'] !== 'string' || throwsFor(claims['context'])) return 'no answer'
  return opens(claims, room, verifier) ? 'joined' : 'refused'
}

async function keyOf({ kid }: Members, { algorithm, secret, keyServer }: Verifier): Promise<KeyObject | undefined> {
  if (algorithm === 'HS256') return createSecretKey(secret ?? '', 'utf8')
  if (typeof kid !== 'string') return undefined
  const pem = await keyServer(createHash('sha256').update(kid).digest('hex'))
  return pem === undefined ? undefined : createPublicKey(pem)
}

/** Whether `token_affiliation` makes the user an owner. */
export function isOwner(token: string): boolean {
  const { context } = membersOf(token.split('.')[1]) as {
    context: { user: { moderator?: unknown; affiliation?: unknown } }
  }
  return (
    [true, 'true'].includes(context.user.moderator as string) ||
    ['owner', 'moderator', 'teacher'].includes(String(context.user.affiliation))
  )
}
