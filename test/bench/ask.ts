import { Agent, request } from 'node:http'

/** Connections for what is measured, and one of its own for probes. */
const agents = {
  load: new Agent({ keepAlive: true, maxSockets: 100 }),
  probe: new Agent({ keepAlive: true, maxSockets: 1 }),
}

export const closeAgents = (): void => Object.values(agents).forEach((agent) => agent.destroy())

const DOCTOR = {
  roomId: 'bharattelemed-p1042-d77-1764000000',
  userId: 'doctor-77',
  userName: 'Dr. Meera Iyer',
  userRole: 'doctor',
}

/** Asks for a path, or with a credential for a token; @returns the status, and the time until the answer was whole */
export function ask(
  url: string,
  through: keyof typeof agents,
  credential?: string,
): Promise<{ status: number; ms: number }> {
  const began = performance.now()
  const headers = { authorization: `Bearer ${credential}`, 'content-type': 'application/json' }
  const options = { agent: agents[through], ...(credential === undefined ? {} : { method: 'POST', headers }) }
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (answer) => {
      answer.resume()
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, ms: performance.now() - began }))
    })
    sent.on('error', reject)
    sent.end(credential === undefined ? undefined : JSON.stringify(DOCTOR))
  })
}

export const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN

/** A line of a table: quantiles of times in milliseconds. */
export const line = (name: string, times: readonly number[]): string =>
  `${name.padEnd(40)} p50 ${quantile(times, 0.5).toFixed(2)} ms   p99 ${quantile(times, 0.99).toFixed(2)} ms   n ${times.length}`
