import type { PassThrough } from 'node:stream'
import type { Refusal } from '../../contract/problem.ts'
import type { Caller } from '../../rules/policy/policy.ts'
import { userBucketKey } from '../../service/tokens/token-limits.ts'

/** The most open streams of one instance. */
const MAX_STREAMS = 5000

/** The most open streams of API keys together; the others stay free for signed-in users and visitors. */
const MAX_STREAMS_OF_BACKENDS = 2500

/** The most open streams of one caller with an API key, and of such a caller in one consultation. */
const MAX_STREAMS_PER_BACKEND = 1000
const MAX_STREAMS_PER_BACKEND_AND_CONSULTATION = 20

/** The most open streams of one user; a page needs one. */
const MAX_STREAMS_PER_USER = 10

/** How long a caller with too many streams should wait, in milliseconds. */
const RETRY_MS = 3000

/** The holder of a stream: the bucket key of a user, or the id of a caller with an API key. */
type Holder = { user: string } | { backend: string; consultationId: string }

/** The open streams of one instance, with their limits. */
export type OpenStreams = {
  /** @returns undefined, or `overloaded` or `rate-limited` if the stream would exceed a limit */
  add(stream: PassThrough, caller: Caller, consultationId: string): Refusal | undefined
  /** @returns whether the stream was open */
  delete(stream: PassThrough): boolean
  count(): number
  /** Ends every stream. */
  endAll(): void
}

/** Creates the bookkeeping of open event streams. One caller cannot take all of them. */
export function createOpenStreams(): OpenStreams {
  const holders = new Map<PassThrough, Holder>()
  const count = (matches: (holder: Holder) => boolean): number => [...holders.values()].filter(matches).length

  /** @returns the limit that another stream of the holder would exceed */
  function exceeded(holder: Holder): Refusal | undefined {
    const tooMany: Refusal = { code: 'rate-limited', retryAfterMs: RETRY_MS }
    if (holders.size >= MAX_STREAMS) return { code: 'overloaded' }
    if ('user' in holder) {
      const own = count((each) => 'user' in each && each.user === holder.user)
      return own >= MAX_STREAMS_PER_USER ? tooMany : undefined
    }
    const ofBackend = (each: Holder) => 'backend' in each && each.backend === holder.backend
    if (count(ofBackend) >= MAX_STREAMS_PER_BACKEND) return tooMany
    const here = count((each) => ofBackend(each) && 'backend' in each && each.consultationId === holder.consultationId)
    if (here >= MAX_STREAMS_PER_BACKEND_AND_CONSULTATION) return tooMany
    return count((each) => 'backend' in each) >= MAX_STREAMS_OF_BACKENDS ? { code: 'overloaded' } : undefined
  }

  return {
    add(stream, caller, consultationId) {
      const holder: Holder =
        caller.user === undefined
          ? { backend: caller.id, consultationId }
          : { user: userBucketKey(caller, caller.user.id) }
      const refusal = exceeded(holder)
      if (refusal === undefined) holders.set(stream, holder)
      return refusal
    },
    delete: (stream) => holders.delete(stream),
    count: () => holders.size,
    endAll() {
      for (const stream of holders.keys()) stream.end()
    },
  }
}
