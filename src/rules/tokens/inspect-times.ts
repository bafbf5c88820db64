import type { Objection } from '../../contract/tokens/inspection.ts'
import type { JsonObject } from '../json.ts'

/** A larger number of seconds is a time after the year 5138, so it must be milliseconds. */
const MAX_EPOCH_SECONDS = 1e11

/**
 * Finds the objections of a verifier to `exp`, `nbf` and `iat`. Verifiers allow no leeway: a token whose `exp` is the current
 * second has expired.
 * @param nowMs epoch milliseconds
 */
export function* timeObjections(claims: JsonObject, nowMs: number): Generator<Objection> {
  const now = Math.floor(nowMs / 1000)
  for (const name of ['exp', 'nbf', 'iat']) {
    const value = claims[name]
    if (value !== undefined && typeof value !== 'number') {
      // Verifiers skip a time that is false, as if it were absent, and do not compare iat.
      const create = name === 'iat' || value === false ? warning : error
      yield create(`${name}-not-a-number`, `${name} must be a number of seconds; its type is ${typeOf(value)}.`)
    } else if (typeof value === 'number' && value > MAX_EPOCH_SECONDS) {
      const effect =
        name === 'exp' ? 'the token is valid for thousands of years' : 'the token becomes valid in thousands of years'
      const create = name === 'nbf' ? error : warning
      yield create(`${name}-in-milliseconds`, `${name} is in milliseconds, so ${effect}; use seconds.`)
    }
  }
  const { exp, nbf } = claims
  if (exp === undefined || exp === false)
    yield warning('exp-missing', 'The token has no exp: self-hosted Jitsi accepts it forever. Add exp.')
  if (typeof exp === 'number' && now >= exp)
    yield error('expired', `The token expired ${formatDuration(now - exp)} ago; request a new one.`)
  if (typeof nbf === 'number' && nbf <= MAX_EPOCH_SECONDS && now < nbf) {
    yield error(
      'early',
      `The token becomes valid in ${formatDuration(nbf - now)}; set nbf a few seconds before the time of issue, and synchronize the clocks.`,
    )
  }
}

const typeOf = (value: unknown): string => (value === null ? 'null' : typeof value)

function formatDuration(seconds: number): string {
  if (seconds < 120) return `${seconds} seconds`
  if (seconds < 7200) return `${Math.round(seconds / 60)} minutes`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} hours` : `${Math.round(seconds / 86_400)} days`
}

/** @returns an objection for which a verifier refuses the token */
export const error = (code: string, message: string): Objection => ({ code, severity: 'refused', message })
/** @returns an objection despite which a verifier accepts the token */
export const warning = (code: string, message: string): Objection => ({ code, severity: 'warning', message })
