import { Type } from '@sinclair/typebox'

/**
 * The form of every id that comes from another system: of a user, a consultation or a request. It takes the `sub` of any
 * identity provider (OpenID Connect Core 1.0, section 2: at most 255 ASCII characters), base64 and FHIR references.
 */
export const ID_PATTERN = '^[\\x21-\\x7e]{1,255}$'

/** The rule of ids in words, for messages that begin with "must be". */
export const ID_RULE = '1 to 255 printable ASCII characters without spaces'

const isId = new RegExp(ID_PATTERN)

/** @returns whether a value is a valid id */
export const isValidId = (value: unknown): value is string => typeof value === 'string' && isId.test(value)

/** Schema of an id. @param meaning what the id identifies; its rule is appended */
export const id = (meaning?: string) =>
  Type.String({ pattern: ID_PATTERN, description: meaning === undefined ? ID_RULE : `${meaning}: ${ID_RULE}` })

/** The id of a user: an id of the caller's system, or the `sub` of a signed-in user. It becomes `context.user.id`. */
export const UserId = id()

/** The id of a consultation in the caller's system. */
export const ExternalId = id('the id in your system')
