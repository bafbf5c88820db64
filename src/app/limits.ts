import type { Config } from '../config/config.ts'
import type { Limits } from '../rules/limits.ts'

/** Reads every rate limit from the settings; the only place that does. */
export const limitsOf = (config: Config): Limits => ({
  perAddress: config.RATE_LIMIT_PER_ADDRESS,
  keysPerAddress: config.RATE_LIMIT_KEYS_PER_ADDRESS,
  perCaller: config.RATE_LIMIT_PER_CALLER,
  perUser: config.RATE_LIMIT_PER_USER,
  perRoom: config.RATE_LIMIT_PER_ROOM,
  perInvitation: config.RATE_LIMIT_PER_INVITATION,
  failedLoginsPerMinute: config.RATE_LIMIT_FAILED_LOGINS,
})
