import { decodeJwt } from 'jose'
import { expect, onTestFinished } from 'vitest'
import { createClient, type TokenRequest, type TokenServiceError } from '../../src/client/client.ts'
import { CLINIC, PATIENT } from '../kit.ts'
import { pause, PATIENT_POLL } from './machine.ts'

type Target = { name: string; url: string }

/** Callers that keep asking for tokens, and note what became of each request. */
export type Load = {
  /** The jti of every token that arrived, and who answered. */
  answered: Map<string, string>
  /** How often each refusal came, by its code; `unreachable` where no answer came. */
  refused: Map<string, number>
  /** Refusals with status 503 that did not say when to ask again. */
  withoutRetryAfter: number
  /** Waits until each target answered so many tokens more. */
  answers(more: number): Promise<void>
  /** Waits until so many refusals more with a code came. */
  refusals(code: string, more: number): Promise<void>
  stop(): Promise<void>
}

let numbers = 0

/** A request for a room and a user of its own. */
export const nextRequest = (): TokenRequest => {
  const number = (numbers += 1)
  return { ...PATIENT, roomId: `bharattelemed-load-${process.pid}-${number}`, userId: `patient-${number}` }
}

/** Begins to ask the targets in turn. */
export function startLoad(targets: readonly Target[], callers = 8): Load {
  const answered = new Map<string, string>()
  const refused = new Map<string, number>()
  const state = { over: false }
  const refuse = (error: unknown) => {
    const { code, status, retryAfterSeconds } = error as TokenServiceError
    if (status === 503 && (retryAfterSeconds ?? 0) < 1) load.withoutRetryAfter += 1
    refused.set(code, (refused.get(code) ?? 0) + 1)
    return pause(5)
  }
  const asking = Array.from({ length: callers }, async (_, index) => {
    const target = targets[index % targets.length] as Target
    while (!state.over) {
      const client = createClient({ baseUrl: target.url, credential: CLINIC.apiKey })
      await client
        .issueToken(nextRequest())
        .then(({ token }) => answered.set(String(decodeJwt(token).jti), target.name), refuse)
    }
  })
  const counts = () => targets.map(({ name }) => [...answered.values()].filter((each) => each === name).length)
  const load: Load = {
    answered,
    refused,
    withoutRetryAfter: 0,
    async answers(more) {
      const before = counts()
      const fewest = () => Math.min(...counts().map((count, index) => count - (before[index] ?? 0)))
      await expect.poll(fewest, PATIENT_POLL).toBeGreaterThanOrEqual(more)
    },
    async refusals(code, more) {
      const before = refused.get(code) ?? 0
      await expect.poll(() => refused.get(code) ?? 0, PATIENT_POLL).toBeGreaterThanOrEqual(before + more)
    },
    async stop() {
      state.over = true
      await Promise.all(asking)
    },
  }
  onTestFinished(() => load.stop())
  return load
}

/** Asks once. @returns the answer's claims, or the refusal */
export async function askOnce(
  target: { url: string },
  request: TokenRequest = nextRequest(),
): Promise<Record<string, unknown> | TokenServiceError> {
  const client = createClient({ baseUrl: target.url, credential: CLINIC.apiKey })
  return client.issueToken(request).then(
    ({ token }) => decodeJwt(token),
    (error: unknown) => error as TokenServiceError,
  )
}
