import type { BucketName } from '../contract/bucket-name.ts'

/** All rate limits; each one is a number per minute, at least 1. */
export type Limits = {
  /** Requests of one client address, `keys` and probes excepted. */
  perAddress: number
  /** Requests of one client address for published keys. */
  keysPerAddress: number
  /** Requests of one caller; the policy can set a lower limit. */
  perCaller: number
  /** Tokens for one end user of a caller, and requests of one signed-in user. */
  perUser: number
  /** Tokens for one room. */
  perRoom: number
  /** Redemptions of one code, and of one browser that is bound to an invitation. */
  perInvitation: number
  /** Failed logins of one client address, and of one credential. */
  failedLoginsPerMinute: number
}

/** The key of one bucket: the limit that it counts, then what it is counted for (an address, a caller, a room). */
export type BucketKey = `${BucketName}:${string}`

/** @returns the limit that a bucket counts */
export const bucketOf = (key: BucketKey): BucketName => key.slice(0, key.indexOf(':')) as BucketName
