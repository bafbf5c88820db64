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
  /** PEM by the hex SHA-256 of a kid, or undefined for 404. */
  keyServer: (name: string) => Promise<string | undefined>
}

type Members = Record<string, unknown>
const membersOf = (part = ''): Members => JSON.parse(Buffer.from(part, 'base64url').toString()) as Members
const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

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
  const { context } = claims
  const user = isObject(context) ? context['user'] : undefined
  const group = isObject(context) ? context['group'] : undefined
  if (token.length > 9500) return 'no answer'
  if (header['typ'] !== 'JWT' || header['alg'] !== verifier.algorithm) return 'refused'
  if (header['kid'] === null) return 'no answer'
  const key = await keyOf(header, verifier)
  if (key === undefined) return 'refused'
  const signed = await compactVerify(token, key, { algorithms: [verifier.algorithm] }).then(
    () => true,
    () => false,
  )
  if (!signed) return 'refused'
  for (const name of ['exp', 'nbf'])
    if (claims[name] !== undefined && typeof claims[name] !== 'number') return 'refused'
  if (nowSeconds >= Number(claims['exp'] ?? Infinity) || nowSeconds < Number(claims['nbf'] ?? 0)) return 'refused'
  if (claims['iss'] !== verifier.issuer || claims['aud'] !== verifier.audience) return 'refused'
  if (claims['room'] === undefined || claims['sub'] === undefined) return 'refused'
  if (claims['room'] === null || context === null || user === null || group === null) return 'no answer'
  if (typeof claims['room'] !== 'string' || typeof user === 'string') return 'no answer'
  const opens = claims['room'] === '*' || claims['room'].toLowerCase() === room
  return opens && claims['sub'] === verifier.subject ? 'joined' : 'refused'
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
