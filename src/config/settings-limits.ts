import { perMinute, redisUrl } from './readers.ts'
import { secretSetting, setting } from './setting.ts'

/** Rate limits, and where they are counted. */
export const LIMIT_SETTINGS = {
  RATE_LIMIT_PER_ADDRESS: setting(perMinute, {
    fallback: 1200,
    about: 'Requests per minute from one client address, with or without a valid credential.',
  }),
  RATE_LIMIT_PER_CALLER: setting(perMinute, {
    fallback: 600,
    about: 'Requests per minute of one caller with an API key; the policy can set a lower limit.',
  }),
  RATE_LIMIT_FAILED_LOGINS: setting(perMinute, {
    fallback: 10,
    about:
      'Failed logins per minute from one client address, and with one credential. Above it, failing requests get 429; valid credentials are not affected.',
  }),
  RATE_LIMIT_PER_USER: setting(perMinute, {
    fallback: 30,
    about: 'Tokens per minute for one end user of a caller, and requests per minute of one signed-in user.',
  }),
  RATE_LIMIT_PER_ROOM: setting(perMinute, {
    fallback: 60,
    about: 'Tokens per minute for one room, from all callers together.',
  }),
  RATE_LIMIT_PER_INVITATION: setting(perMinute, {
    fallback: 30,
    about: 'Redemptions per minute of one invitation, and of each browser that is bound to one.',
  }),
  RATE_LIMIT_KEYS_PER_ADDRESS: setting(perMinute, {
    fallback: 6000,
    about: 'Requests per minute for the published keys from one client address.',
  }),
  REDIS_URL: secretSetting(redisUrl, {
    fallback: undefined,
    about:
      'Redis that counts the rate limits of all replicas together; without it, each instance counts its own requests.',
  }),
}
