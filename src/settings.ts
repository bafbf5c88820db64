import {
  addressOrCidr,
  listOf,
  matching,
  oneOf,
  origin,
  PER_MINUTE,
  perMinute,
  type Read,
  redisUrl,
  sqliteUrl,
  wholeNumber,
} from './setting-values.ts'

/** A setting: its name is the environment variable's. */
export type Setting<T> = {
  /** What stands in when the variable is unset or empty. */
  fallback: T
  /** The default as the README shows it. */
  shown: string
  read: Read<T>
  /** What the value must be; completes "must be …". */
  rule: string
  /** One sentence for the README. */
  about: string
  /** May come from a file too, named by the variable with `_FILE` behind its name; it is never shown. */
  secret?: true
}

const setting = <T>(fallback: T, shown: string, read: Read<T>, rule: string, about: string): Setting<T> => ({
  fallback,
  shown,
  read,
  rule,
  about,
})

const optional = undefined as string | undefined

/** The AppID that stands in during development; production refuses it. */
export const DEVELOPMENT_APP_ID = `vpaas-magic-cookie-${'0'.repeat(32)}`

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
  PORT: setting(3005, '3005', wholeNumber(0, 65535), 'a port number', 'Port to listen on; 0 takes a free one.'),
  LOG_LEVEL: setting(
    'info',
    'info',
    oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    'fatal, error, warn, info, debug, trace or silent',
    'The least severe log lines that are written.',
  ),
  JAAS_APP_ID: setting(
    DEVELOPMENT_APP_ID,
    'a placeholder, which production refuses',
    matching(/^vpaas-magic-cookie-[0-9a-z]{1,64}$/),
    'the AppID of the JaaS console: vpaas-magic-cookie-…',
    'AppID of the JaaS account: `sub`, and the first part of `kid`.',
  ),
  JITSI_DOMAIN: setting(
    '8x8.vc',
    '8x8.vc',
    matching(
      /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*(?::\d{1,5})?$/,
    ),
    'a host name in lower case, without https://',
    'Host that serves the meetings; a regional one such as `frankfurt.8x8.vc` pins the region.',
  ),
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
  POLICY_FILE: setting(
    optional,
    'none',
    matching(/./),
    'a path',
    'Policy in YAML; replaces the built-in one. Production needs it.',
  ),
  DATABASE_URL: setting(
    'sqlite:data/service.db',
    'sqlite:data/service.db',
    sqliteUrl,
    'sqlite:<path>',
    'Where the record is kept: `sqlite:` and a path.',
  ),
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
  'DATABASE_',
  'RATE_LIMIT_',
  'REDIS_',
  'OIDC_',
  'CORS_',
  'TRUST_',
  'SHUTDOWN_',
]
