import type { Objection } from '../../contract/tokens/inspection.ts'
import type { JsonObject } from '../json.ts'

/** Above this a number of seconds would lie after the year 5138: it is milliseconds. */
const MILLISECONDS_FROM = 1e11

/** What a verifier objects to in `exp`, `nbf` and `iat`. It grants no leeway: `exp` of this second is expired. */
export function* timeObjections(claims: JsonObject, nowMs: number): Generator<Objection> {
  const now = Math.floor(nowMs / 1000)
  for (const name of ['exp', 'nbf', 'iat']) {
    const value = claims[name]
    if (value !== undefined && value !== null && typeof value !== 'number') {
      yield error(`${name}-not-a-number`, `${name} has to be a number of seconds, not a ${typeof value}.`)
    } else if (typeof value === 'number' && value > MILLISECONDS_FROM) {
      const effect = name === 'exp' ? 'the token would be valid for millennia' : 'the token would be valid in millennia'
      const make = name === 'nbf' ? error : warning
      yield make(`${name}-in-milliseconds`, `${name} is in milliseconds, so that ${effect}; it has to be in seconds.`)
    }
  }
  const { exp, nbf } = claims
  if (exp === undefined)
    yield warning('exp-missing', 'It has no exp: self-hosted Jitsi takes it for ever. Give it one.')
  if (typeof exp === 'number' && now >= exp)
    yield error('expired', `It expired ${span(now - exp)} ago; ask for a new one.`)
  if (typeof nbf === 'number' && nbf <= MILLISECONDS_FROM && now < nbf) {
    yield error(
      'early',
      `It is not valid for another ${span(nbf - now)}; set nbf some seconds back, and compare the clocks.`,
    )
  }
}

function span(seconds: number): string {
  if (seconds < 120) return `${seconds} seconds`
  if (seconds < 7200) return `${Math.round(seconds / 60)} minutes`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} hours` : `${Math.round(seconds / 86_400)} days`
}

export const error = (code: string, message: string): Objection => ({ code, severity: 'refused', message })
export const warning = (code: string, message: string): Objection => ({ code, severity: 'warning', message })
