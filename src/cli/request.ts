import { FormatRegistry } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { TokenRequest } from '../contract/tokens/token.ts'
import { displayName, isHttpsUrl } from '../rules/person.ts'

FormatRegistry.Set('display-name', (text) => displayName(text) !== undefined)
FormatRegistry.Set('https-url', isHttpsUrl)

/** Checks a token request against its schema, as over HTTP. @returns one sentence for each invalid field */
export function findRequestErrors(request: object): string[] {
  const errors = new Map<string, string>()
  for (const { path, schema } of Value.Errors(TokenRequest, request)) {
    if (!errors.has(path)) errors.set(path, `${path}: must be ${schema.description ?? 'valid'}`)
  }
  return [...errors.values()]
}
