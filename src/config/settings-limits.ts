import { optional, PER_MINUTE, perMinute, redisUrl, setting } from './setting.ts'

/** How much may be asked for, and where it is counted. */
export const LIMIT_SETTINGS = {
  RATE_LIMIT_PER_ADDRESS: setting(
    1200,
    '1200',
    perMinute,
    PER_MINUTE,
    'Requests a minute from one address, known or not.',
  ),
  RATE_LIMIT_PER_CALLER: setting(
    600,
    '600',
    perMinute,
    PER_MINUTE,
    'Requests a minute of one caller with an API key; the policy may set less.',
  ),
  RATE_LIMIT_FAILED_LOGINS: setting(
    10,
    '10',
    perMinute,
    PER_MINUTE,
    'Failed logins a minute from one address; past it, the address is refused for a minute, then two, up to an hour.',
  ),
  RATE_LIMIT_PER_USER: setting(
    30,
    '30',
    perMinute,
    PER_MINUTE,
    'Tokens a minute for one end user of a caller, and requests a minute of a signed-in user.',
  ),
  RATE_LIMIT_PER_ROOM: setting(60, '60', perMinute, PER_MINUTE, 'Tokens a minute for one room, whoever asks.'),
  RATE_LIMIT_PER_INVITATION: setting(
    30,
    '30',
    perMinute,
    PER_MINUTE,
    'Redemptions a minute of one invitation, whoever asks, and of each browser that came by it.',
  ),
  RATE_LIMIT_KEYS_PER_ADDRESS: setting(
    6000,
    '6000',
    perMinute,
    PER_MINUTE,
    'Requests a minute for the published keys from one address.',
  ),
  REDIS_URL: {
    ...setting(
      optional,
      'none',
      redisUrl,
      'redis://<host> or rediss://<host>',
      'Redis that holds the limits, so that replicas share them; without it each instance counts for itself.',
    ),
    secret: true,
  },
}
