import type { Objection } from '../../contract/tokens/inspection.ts'
import type { JsonObject } from '../json.ts'

/** A larger number of seconds is a time after the year 5138, so it must be milliseconds. */
const MILLISECONDS_FROM = 1e11

/** @returns the objections of a verifier to `exp`, `nbf` and `iat`; it allows no leeway, so an `exp` of this second has expired */
export function* timeObjections(claims: JsonObject, nowMs: number): Generator<Objection> {
  const now = Math.floor(nowMs / 1000)
  for (const name of ['exp', 'nbf', 'iat']) {
    const value = claims[name]
    if (value !== undefined && value !== null && typeof value !== 'number') {
      yield error(`${name}-not-a-number`, `${name} must be a number of seconds, not a ${typeof value}.`)
    } else if (typeof value === 'number' && value > MILLISECONDS_FROM) {
      const effect = name === 'exp' ? 'the token is valid for millennia' : 'the token becomes valid in millennia'
      const create = name === 'nbf' ? error : warning
      yield create(`${name}-in-milliseconds`, `${name} is in milliseconds, so ${effect}; use seconds.`)
    }
  }
  const { exp, nbf } = claims
  if (exp === undefined)
    yield warning('exp-missing', 'The token has no exp: self-hosted Jitsi accepts it forever. Add exp.')
  if (typeof exp === 'number' && now >= exp)
    yield error('expired', `The token expired ${span(now - exp)} ago; request a new one.`)
  if (typeof nbf === 'number' && nbf <= MILLISECONDS_FROM && now < nbf) {
    yield error(
      'early',
      `The token becomes valid in ${span(nbf - now)}; set nbf a few seconds back, and compare the clocks.`,
    )
  }
}

function span(seconds: number): string {
  if (seconds < 120) return `${seconds} seconds`
  if (seconds < 7200) return `${Math.round(seconds / 60)} minutes`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} hours` : `${Math.round(seconds / 86_400)} days`
}

/** @returns an objection for which a verifier refuses the token */
export const error = (code: string, message: string): Objection => ({ code, severity: 'refused', message })
/** @returns an objection despite which a verifier accepts the token */
export const warning = (code: string, message: string): Objection => ({ code, severity: 'warning', message })
