/**
 * The buckets of the rate limiter, which count requests, tokens and failed logins. A name is the policy name in the
 * `RateLimit` headers, the key prefix of the bucket, and the label `bucket` of the limiter's metric.
 */
export type BucketName = 'address' | 'keys' | 'caller' | 'user' | 'room' | 'invitation' | 'failed'
