/** What a load generator is asked to do. Requests are whole HTTP/1.1 requests, sent in turn. */
export type Job = { port: number; requests: readonly string[]; seconds: number } & (
  | {
      /** Each connection asks again when it has its answer. */
      kind: 'closed'
      connections: number
      /** Between an answer and the next request. */
      pauseMs?: number
    }
  | {
      /** All connections ask at once, and again when all have their answers. */
      kind: 'bursts'
      connections: number
    }
  | {
      /** Requests come when they come (a Poisson process), whatever the answers do. */
      kind: 'open'
      perSecond: number
      connections: number
      /** How long answers are waited for once no more is asked. */
      drainSeconds: number
    }
)

/** How long answers took, in milliseconds; where requests come by a schedule, since the request was due. */
export type Latency = { n: number; p50: number; p99: number; max: number }

/** What a load generator saw. */
export type Report = {
  /** By status; 0 stands for connections that broke. */
  answers: Record<string, Latency>
  /** Requests with no answer when the waiting ended. */
  unanswered: number
  /** Answers of status 200 a second, of those that came while it was still asking. */
  okPerSecond: number
  /** CPU that the load generator used itself. */
  cpuSeconds: number
}

/** Counts answers by status. */
export type Tally = {
  /** @param sinceMs when the time of an answer began */
  add(status: number, sinceMs: number): void
  answers(): Record<string, Latency>
  /** Answers of status 200 within the time of asking. */
  ok(): number
}
