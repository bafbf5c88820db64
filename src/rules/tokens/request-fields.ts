import type { Claims } from '../../contract/tokens/claims.ts'
import type { TokenRequest } from '../../contract/tokens/token.ts'
import { type JsonObject, objectAt } from '../json.ts'

/** Where in the claims a value lies. */
type ClaimPath = readonly [keyof Claims] | readonly ['context', 'user', keyof Claims['context']['user']]

/**
 * Every field of a token request, and the claim that carries its value. A renewal copies the fields that a claim carries
 * and determines the others anew. A field that is added to the request does not compile until it has its place here.
 */
export const REQUEST_FIELDS = {
  roomId: ['room'],
  userId: ['context', 'user', 'id'],
  userName: ['context', 'user', 'name'],
  userEmail: ['context', 'user', 'email'],
  userAvatar: ['context', 'user', 'avatar'],
  // The role decides many claims and is none itself; the consultation names it again.
  userRole: undefined,
  // Carried as `exp` - `iat`.
  expirationMinutes: undefined,
} as const satisfies Record<keyof TokenRequest, ClaimPath | undefined>

type Fields = typeof REQUEST_FIELDS

/** The fields whose values a claim carries. */
type CarriedField = { [F in keyof Fields]: Fields[F] extends undefined ? never : F }[keyof Fields]

/** The fields that a renewal determines anew. */
export type DerivedField = Exclude<keyof TokenRequest, CarriedField>

/** The carried fields of a token: whom it is for, and which room. */
export type CarriedFields = Pick<TokenRequest, CarriedField> & { userId: string; userName: string }

/** @returns the request fields that the claims carry; undefined unless room, user id and user name are there */
export function readCarriedFields(claims: JsonObject): CarriedFields | undefined {
  const entries = Object.entries(REQUEST_FIELDS).flatMap(([field, path]) => {
    const value = path === undefined ? undefined : valueAt(claims, path)
    return typeof value === 'string' ? [[field, value] as const] : []
  })
  const fields = Object.fromEntries(entries) as Partial<CarriedFields>
  const { roomId, userId, userName } = fields
  if (roomId === undefined || userId === undefined || userName === undefined) return undefined
  return { ...fields, roomId, userId, userName }
}

function valueAt(claims: JsonObject, path: readonly string[]): unknown {
  const holder = path.slice(0, -1).reduce(objectAt, claims)
  return holder[path.at(-1) ?? '']
}
