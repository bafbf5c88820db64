import type { Objection } from '../../contract/tokens/inspection.ts'
import type { JsonObject } from '../json.ts'

/** A larger time is in milliseconds: in seconds, it would be after the year 5138. */
const MAX_EPOCH_SECONDS = 1e11

/**
 * Finds the defects of `exp`, `nbf` and `iat`. Verifiers accept no clock deviation: a token whose `exp` is the current second
 * has expired.
 * @param nowMs epoch milliseconds
 */
export function* timeObjections(claims: JsonObject, nowMs: number): Generator<Objection> {
  const now = Math.floor(nowMs / 1000)
  for (const name of ['exp', 'nbf', 'iat']) {
    const value = claims[name]
    if (value !== undefined && value !== null && typeof value !== 'number') {
      yield error(`${name}-not-a-number`, `${name} must be a number of seconds; its type is ${typeof value}.`)
    } else if (typeof value === 'number' && value > MAX_EPOCH_SECONDS) {
      const effect = name === 'exp' ? 'be valid for' : 'become valid in'
      const objection = name === 'nbf' ? error : warning
      const message = `${name} is in milliseconds: the token would ${effect} thousands of years. Use seconds.`
      yield objection(`${name}-in-milliseconds`, message)
    }
  }
  const { exp, nbf } = claims
  if (exp === undefined)
    yield warning('exp-missing', 'The token has no exp: self-hosted Jitsi accepts it forever. Set exp.')
  if (typeof exp === 'number' && now >= exp)
    yield error('expired', `It expired ${formatDuration(now - exp)} ago; request a new one.`)
  if (typeof nbf === 'number' && nbf <= MAX_EPOCH_SECONDS && now < nbf) {
    yield error(
      'early',
      `It becomes valid in ${formatDuration(nbf - now)}; set nbf a few seconds before the time of issue, and synchronize the clocks.`,
    )
  }
}

function formatDuration(seconds: number): string {
  if (seconds < 120) return `${seconds} seconds`
  if (seconds < 7200) return `${Math.round(seconds / 60)} minutes`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} hours` : `${Math.round(seconds / 86_400)} days`
}

/** Creates an objection for which Jitsi refuses the token. */
export const error = (code: string, message: string): Objection => ({ code, severity: 'refused', message })
/** Creates an objection with which the token may not work as intended. */
export const warning = (code: string, message: string): Objection => ({ code, severity: 'warning', message })
