import { FormatRegistry } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { TokenRequest } from '../contract/tokens/token.ts'
import { displayName, isHttpsUrl } from '../rules/person.ts'

FormatRegistry.Set('display-name', (text) => displayName(text) !== undefined)
FormatRegistry.Set('https-url', isHttpsUrl)

/** What the shape of a request breaks, as over HTTP: a sentence a field. */
export function findRequestErrors(request: object): string[] {
  const faults = new Map<string, string>()
  for (const { path, schema } of Value.Errors(TokenRequest, request)) {
    if (!faults.has(path)) faults.set(path, `${path}: must be ${schema.description ?? 'as the description says'}`)
  }
  return [...faults.values()]
}
