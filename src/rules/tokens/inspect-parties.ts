import type { Objection } from '../../contract/tokens/inspection.ts'
import type { JsonObject } from '../json.ts'
import type { Deployment } from './deployment.ts'
import { error, warning } from './inspect-times.ts'

/** Finds the objections of a verifier to `aud`, `iss` and `sub`. */
export function* partyObjections(claims: JsonObject, deployment: Deployment): Generator<Objection> {
  const { issuer, audience } = deployment
  const { aud, iss } = claims
  if (Array.isArray(aud)) yield error('aud-list', `aud must be the string ${audience}, not a list.`)
  else if (aud !== audience) yield error('aud', `aud must be ${audience}.`)
  if (iss !== issuer) yield error('iss', `iss must be ${issuer}.`)
  yield* subjectObjections(claims['sub'], deployment)
}

function* subjectObjections(sub: unknown, { subject, kind, path, verifiesDomain }: Deployment): Generator<Objection> {
  if (sub === subject) return
  if (sub === undefined) yield error('sub-missing', `The token has no sub; set it to ${subject}.`)
  else if (kind === 'jaas') yield error('sub', `sub must be the AppID ${subject}.`)
  else if (!verifiesDomain) {
    yield warning('sub-unchecked', `sub is not ${subject}; Prosody checks it only with enable_domain_verification.`)
  } else if (sub === '*' && path !== '')
    yield warning('sub-wildcard', `sub is *: the token is valid for every tenant. Set it to ${subject}.`)
  else if (typeof sub === 'string' && toAsciiLowerCase(sub) === subject) {
    yield warning(
      'sub-upper-case',
      'sub has upper-case letters; Prosody compares in lower case, but other tools may not.',
    )
  } else yield error('sub', `sub must be ${subject}.`)
}

/** Converts to lower case as Lua does: only the letters of ASCII. */
export const toAsciiLowerCase = (text: string): string => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
