import { addressOrCidr, listOf, matching, oneOf, optional, origin, port, setting, wholeNumber } from './setting.ts'
import { AUDIT_SETTINGS } from './settings-audit.ts'
import { CONSULTATION_SETTINGS } from './settings-consultations.ts'
import { JITSI_SETTINGS } from './settings-jitsi.ts'
import { LIMIT_SETTINGS } from './settings-limits.ts'
import { METRICS_SETTINGS } from './settings-metrics.ts'

/** Every setting. The README's table is made from this one. */
export const SETTINGS = {
  NODE_ENV: setting(
    'development',
    'development',
    oneOf('development', 'test', 'production'),
    'production, development or test',
    '`production` refuses whatever is meant for development.',
  ),
  HOST: setting(
    '127.0.0.1',
    '127.0.0.1',
    matching(/^[A-Za-z0-9.:-]{1,253}$/),
    'an address or a host name',
    'Address to listen on.',
  ),
  PORT: setting(3005, '3005', port, 'a port number', 'Port to listen on; 0 takes a free one.'),
  LOG_LEVEL: setting(
    'info',
    'info',
    oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    'fatal, error, warn, info, debug, trace or silent',
    'The least severe log lines that are written.',
  ),
  ...JITSI_SETTINGS,
  KEYS_DIR: setting('keys', 'keys', matching(/./), 'a path', 'Folder of the private keys, `<key id>.pem`.'),
  SIGNING_KEY_ID: setting(
    optional,
    'the only key there',
    matching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
    'the part of the kid after the slash: 1 to 64 characters of A-Z, a-z, 0-9 and . _ -',
    'Id of the key that signs.',
  ),
  SIGNING_KEY_FILE: setting(
    optional,
    'none',
    matching(/./),
    'a path',
    'File of the key that signs, instead of `KEYS_DIR`; needs `SIGNING_KEY_ID`.',
  ),
  SIGNING_QUEUE_MS: setting(
    500,
    '500',
    wholeNumber(10, 10_000),
    'a whole number from 10 to 10000',
    'How many milliseconds a token may have to wait for its signature and its entry; where it would be more, it is refused at once.',
  ),
  KEYS_ROTATION_DAYS: setting(
    180,
    '180',
    wholeNumber(1, 3650),
    'a whole number from 1 to 3650',
    'How old a key may become before `check` and the metrics say that it is due to be replaced.',
  ),
  KEYS_MAX_AGE_SECONDS: setting(
    300,
    '300',
    wholeNumber(0, 86_400),
    'a whole number from 0 to 86400',
    'How long verifiers may keep the published keys before they ask again.',
  ),
  POLICY_FILE: setting(
    optional,
    'none',
    matching(/./),
    'a path',
    'Policy in YAML; replaces the built-in one. Production needs it.',
  ),
  ...CONSULTATION_SETTINGS,
  ...AUDIT_SETTINGS,
  ...LIMIT_SETTINGS,
  ...METRICS_SETTINGS,
  OIDC_KEYS_STALE_MINUTES: setting(
    1440,
    '1440',
    wholeNumber(10, 100_000),
    'a whole number from 10 to 100000',
    'How long the last good keys of an identity provider serve while it is away.',
  ),
  CORS_ORIGINS: setting(
    [] as readonly string[],
    'none',
    listOf(origin),
    'origins such as https://app.example.org, separated by commas',
    'Origins whose pages may call; `*` only outside production.',
  ),
  TRUST_PROXY: setting(
    [] as readonly string[],
    'none',
    listOf(addressOrCidr),
    'addresses or CIDR ranges, separated by commas',
    'Proxies whose X-Forwarded-For counts.',
  ),
  SHUTDOWN_SECONDS: setting(
    10,
    '10',
    wholeNumber(1, 600),
    'a whole number from 1 to 600',
    'How long requests in flight may take to finish after SIGTERM.',
  ),
}

/** The beginnings of our names, by which a misspelt one is recognised. */
export const PREFIXES = [
  'LOG_',
  'JAAS_',
  'JITSI_',
  'KEYS_',
  'SIGNING_',
  'POLICY_',
  'PUBLIC_',
  'EVENTS_',
  'CONSULTATION_',
  'ROOM_',
  'DATABASE_',
  'AUDIT_',
  'RATE_LIMIT_',
  'REDIS_',
  'METRICS_',
  'OIDC_',
  'CORS_',
  'TRUST_',
  'SHUTDOWN_',
]
