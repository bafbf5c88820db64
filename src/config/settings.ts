import type { Static } from '@sinclair/typebox'
import { FORWARDED_HEADERS } from '../rules/client-address.ts'
import { basePath, corsOrigins, path, port, proxies, text, wholeNumber, word } from './readers.ts'
import { setting } from './setting.ts'
import { AUDIT_SETTINGS } from './settings-audit.ts'
import { CONSULTATION_SETTINGS } from './settings-consultations.ts'
import { JITSI_SETTINGS } from './settings-jitsi.ts'
import { LIMIT_SETTINGS } from './settings-limits.ts'
import { METRICS_SETTINGS } from './settings-metrics.ts'
import { PAGE_SETTINGS } from './settings-page.ts'

const NO_ITEMS: readonly string[] = []

/** Private keys and their publication. */
const KEY_SETTINGS = {
  KEYS_DIR: setting(path, { fallback: 'keys', about: 'Folder of the private keys, `<key id>.pem`.' }),
  SIGNING_KEY_ID: setting(
    text(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
      'the part of the kid after the slash: 1 to 64 characters of A-Z, a-z, 0-9 and . _ -',
    ),
    { fallback: undefined, shown: 'the only key in `KEYS_DIR`', about: 'Id of the signing key.' },
  ),
  SIGNING_KEY_FILE: setting(path, {
    fallback: undefined,
    about: 'File of the signing key, instead of `KEYS_DIR`; requires `SIGNING_KEY_ID`.',
  }),
  SIGNING_QUEUE_MS: setting(wholeNumber(10, 10_000), {
    fallback: 500,
    about:
      'Milliseconds that a token request may wait for its signature and its audit entry. A request that would wait longer is refused at once.',
  }),
  KEYS_ROTATION_DAYS: setting(wholeNumber(1, 3650), {
    fallback: 180,
    about: 'Age of a key in days from which `check` and the metrics report that it is due for rotation.',
  }),
  KEYS_MAX_AGE_SECONDS: setting(wholeNumber(0, 86_400), {
    fallback: 300,
    about:
      'Seconds that verifiers may cache the published keys. A new key signs only after it was published for this time.',
  }),
}

/** Every setting. The table in docs/settings.md is generated from it. */
export const SETTINGS = {
  NODE_ENV: setting(word('development', 'test', 'production'), {
    fallback: 'development',
    about: '`production` refuses settings that are meant for development.',
  }),
  HOST: setting(text(/^[A-Za-z0-9.:-]{1,253}$/, 'an address or a host name'), {
    fallback: '127.0.0.1',
    about: 'Address to listen on.',
  }),
  PORT: setting(port, { fallback: 3005, about: 'Port to listen on; 0 selects a free port.' }),
  BASE_PATH: setting(basePath, {
    fallback: '',
    about:
      'Path under which a proxy publishes the service, such as `/tokens` for `https://clinic.example.org/tokens/`. The proxy may remove it or pass it on.',
  }),
  LOG_LEVEL: setting(word('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'), {
    fallback: 'info',
    about: 'Lowest level of the log lines that are written.',
  }),
  ...JITSI_SETTINGS,
  ...KEY_SETTINGS,
  POLICY_FILE: setting(path, {
    fallback: undefined,
    about: 'Policy in YAML, which replaces the built-in policy. Required in production.',
  }),
  ...CONSULTATION_SETTINGS,
  ...PAGE_SETTINGS,
  ...AUDIT_SETTINGS,
  ...LIMIT_SETTINGS,
  ...METRICS_SETTINGS,
  OIDC_KEYS_STALE_MINUTES: setting(wholeNumber(10, 100_000), {
    fallback: 1440,
    about: 'Minutes that the last fetched keys of an identity provider stay in use while it cannot be reached.',
  }),
  CORS_ORIGINS: setting(corsOrigins, {
    fallback: NO_ITEMS,
    about:
      'Origins whose pages may call the API, also with the cookie of a visit. Only outside production: http origins, and `*` for calls without a cookie; in development, pages on localhost may call.',
  }),
  TRUST_PROXY: setting(proxies, {
    fallback: NO_ITEMS,
    about:
      'Proxies whose `FORWARDED_HEADER` is trusted. With a number, nobody may reach the port except through the proxies.',
  }),
  FORWARDED_HEADER: setting(word(...FORWARDED_HEADERS), {
    fallback: 'x-forwarded-for',
    about:
      'Header in which the trusted proxies report the client address. The proxy that clients reach must set it or append to it.',
  }),
  SHUTDOWN_SECONDS: setting(wholeNumber(1, 600), {
    fallback: 10,
    about: 'Seconds that requests in flight have to finish after SIGTERM.',
  }),
}

type Settings = typeof SETTINGS

/** The value of every setting, by the name of its variable. */
export type SettingValues = {
  [Name in keyof Settings]: Static<Settings[Name]['schema']> | Settings[Name]['fallback']
}

/**
 * The prefixes of our names, up to the first underscore, by which a misspelt name is recognized. `NODE_` is excluded: it
 * belongs to Node.js.
 */
export const PREFIXES = new Set(
  Object.keys(SETTINGS).flatMap((name) => /^(?!NODE_)[A-Z]+_/.exec(name)?.slice(0, 1) ?? []),
)
