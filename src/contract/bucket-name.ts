/**
 * The limits that requests, tokens and failed logins are counted against. A name is the policy name in the `RateLimit`
 * headers, the prefix of the bucket's keys and the `bucket` label of the limiter's metric.
 */
export type BucketName = 'address' | 'keys' | 'caller' | 'user' | 'room' | 'invitation' | 'failed'
