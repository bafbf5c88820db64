import { hostname } from 'node:os'
import { Value } from '@sinclair/typebox/value'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigurationError, readConfig } from '../../src/config/config.ts'
import { explainText, isQuoted } from '../../src/config/explain.ts'
import { PREFIXES, SETTINGS } from '../../src/config/settings.ts'
import { APP_ID, tempFile } from '../kit.ts'

const production = { NODE_ENV: 'production', JAAS_APP_ID: APP_ID, POLICY_FILE: 'policy.yaml' }

describe('the configuration', () => {
  it('without any variable is the one of development', () => {
    const { config, errors, warnings } = readConfig({})
    expect(config).toStrictEqual({
      NODE_ENV: 'development',
      HOST: '127.0.0.1',
      PORT: 3005,
      BASE_PATH: '',
      LOG_LEVEL: 'info',
      JITSI_DEPLOYMENT: 'jaas',
      JAAS_APP_ID: 'vpaas-magic-cookie-00000000000000000000000000000000',
      JAAS_MANAGEMENT: 'off',
      JAAS_MANAGEMENT_URL: 'https://8x8.vc',
      JITSI_DOMAIN: '8x8.vc',
      JITSI_APP_ID: undefined,
      JITSI_JWT_ISSUER: undefined,
      JITSI_JWT_AUDIENCE: 'jitsi',
      JITSI_JWT_SUBJECT: undefined,
      JITSI_DOMAIN_VERIFICATION: 'on',
      JITSI_JWT_SECRET: undefined,
      KEYS_DIR: 'keys',
      SIGNING_KEY_ID: undefined,
      SIGNING_KEY_FILE: undefined,
      POLICY_FILE: undefined,
      DATABASE_URL: 'sqlite:data/service.db',
      AUDIT_WRITER: hostname(),
      AUDIT_CHECKPOINT_MINUTES: 10,
      AUDIT_CHECKPOINT_ENTRIES: 10_000,
      AUDIT_RETENTION_DAYS: 2190,
      AUDIT_ANONYMOUS_RETENTION_DAYS: 90,
      AUDIT_ADDRESS: 'network',
      AUDIT_PSEUDONYMS: 'none',
      AUDIT_PSEUDONYM_KEY: undefined,
      RATE_LIMIT_PER_ADDRESS: 1200,
      RATE_LIMIT_PER_CALLER: 600,
      PUBLIC_URL: undefined,
      EVENTS_HEARTBEAT_SECONDS: 15,
      CONSULTATION_RETENTION_DAYS: 90,
      INVITATION_MOVES: 'on',
      WAITING_TIMEOUT_SECONDS: 60,
      ROOM_NAME_KEY: undefined,
      DRAFT_KEY: undefined,
      DRAFT_KEY_DAYS: 7,
      PAGE_BRAND_NAME: 'Video consultation',
      PAGE_LOGO_URL: undefined,
      PAGE_COLOR: undefined,
      PAGE_SUPPORT_PHONE: undefined,
      PAGE_LANGUAGES: ['en', 'hi'],
      PAGE_OIDC_ISSUER: undefined,
      PAGE_OIDC_CLIENT_ID: undefined,
      PAGE_OIDC_SCOPE: 'openid profile',
      EMR_DOCUMENTS_URL: undefined,
      RATE_LIMIT_FAILED_LOGINS: 10,
      RATE_LIMIT_PER_USER: 30,
      RATE_LIMIT_PER_INVITATION: 30,
      RATE_LIMIT_PER_ROOM: 60,
      RATE_LIMIT_KEYS_PER_ADDRESS: 6000,
      SIGNING_QUEUE_MS: 500,
      KEYS_ROTATION_DAYS: 180,
      KEYS_MAX_AGE_SECONDS: 300,
      METRICS_PORT: undefined,
      METRICS_TOKEN: undefined,
      REDIS_URL: undefined,
      OIDC_KEYS_STALE_MINUTES: 1440,
      CORS_ORIGINS: [],
      TRUST_PROXY: [],
      FORWARDED_HEADER: 'x-forwarded-for',
      SHUTDOWN_SECONDS: 10,
    })
    expect([errors, warnings]).toStrictEqual([[], []])
    expect(Object.isFrozen(config)).toBe(true)
  })

  it.each([
    [{ AUDIT_PSEUDONYMS: 'hmac' }, 'AUDIT_PSEUDONYM_KEY: AUDIT_PSEUDONYMS=hmac requires it'],
    [{ AUDIT_PSEUDONYM_KEY: 'k'.repeat(32) }, 'AUDIT_PSEUDONYM_KEY: is used only with AUDIT_PSEUDONYMS=hmac'],
    [{ AUDIT_PSEUDONYMS: 'hmac', AUDIT_PSEUDONYM_KEY: 'short' }, 'AUDIT_PSEUDONYM_KEY: must be at least 256 bits'],
    [{ AUDIT_PSEUDONYMS: 'hmac', AUDIT_PSEUDONYM_KEY_FILE: '/nowhere' }, 'AUDIT_PSEUDONYM_KEY_FILE: does not exist'],
  ])('refuses the pseudonym settings %j', (env, error) => {
    expect(readConfig(env).errors).toStrictEqual([expect.stringContaining(error)])
  })

  it('treats an empty variable as unset', () => {
    const empty = Object.fromEntries(Object.keys(readConfig({}).config).map((name) => [name, '']))
    expect(readConfig(empty)).toStrictEqual(readConfig({}))
  })

  it('reads each setting', () => {
    const env = {
      ...production,
      HOST: '::',
      PORT: '0',
      LOG_LEVEL: 'warn',
      JITSI_DOMAIN: 'frankfurt.8x8.vc',
      KEYS_DIR: '/keys',
      SIGNING_KEY_ID: '0d885c-SAMPLE_APP',
      SIGNING_KEY_FILE: '/run/secrets/key',
      DATABASE_URL: 'sqlite:/data/service.db',
      RATE_LIMIT_PER_ADDRESS: '1',
      RATE_LIMIT_PER_CALLER: '1000000',
      CORS_ORIGINS: 'https://a.example.org, https://b.example.org:8443',
      TRUST_PROXY: '10.0.0.0/8, 2001:db8::/32,192.0.2.1',
      SHUTDOWN_SECONDS: '30',
    }
    const { config, errors } = readConfig(env)
    expect(errors).toStrictEqual([])
    expect(config).toMatchObject({
      HOST: '::',
      PORT: 0,
      CORS_ORIGINS: ['https://a.example.org', 'https://b.example.org:8443'],
      TRUST_PROXY: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.1'],
      SHUTDOWN_SECONDS: 30,
    })
  })

  it.each([
    ['NODE_ENV', 'prod'],
    ['PORT', '65536'],
    ['PORT', '80a'],
    ['PORT', '-1'],
    ['PORT', '0x50'],
    ['LOG_LEVEL', 'verbose'],
    ['JAAS_APP_ID', 'my-app'],
    ['JAAS_APP_ID', 'vpaas-magic-cookie-'],
    ['JITSI_DOMAIN', 'https://8x8.vc'],
    ['JITSI_DOMAIN', '8x8.vc/x'],
    ['SIGNING_KEY_ID', '../key'],
    ['DATABASE_URL', 'data/service.db'],
    ['DATABASE_URL', 'sqlite:'],
    ['DATABASE_URL', 'sqlite::memory:'],
    ['DATABASE_URL', 'mysql://x'],
    ['DATABASE_URL', 'postgres://host'],
    ['RATE_LIMIT_PER_ADDRESS', '0'],
    ['RATE_LIMIT_PER_CALLER', '1e3'],
    ['RATE_LIMIT_PER_CALLER', '10000000'],
    ['CORS_ORIGINS', 'app.example.org'],
    ['CORS_ORIGINS', 'https://app.example.org/'],
    ['CORS_ORIGINS', 'https://*.example.org'],
    ['CORS_ORIGINS', 'null'],
    ['CORS_ORIGINS', 'https://a.example.org,,'],
    ['TRUST_PROXY', 'true'],
    ['TRUST_PROXY', '0'],
    ['TRUST_PROXY', '11'],
    ['FORWARDED_HEADER', 'x-real-ip'],
    ['TRUST_PROXY', '0.0.0.0/0'],
    ['TRUST_PROXY', '::/0'],
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['TRUST_PROXY', '10.0.0'],
    ['TRUST_PROXY', 'proxy.internal'],
    ['SHUTDOWN_SECONDS', '0'],
    ['SHUTDOWN_SECONDS', '1.5'],
  ] as const)('refuses %s=%s with the name and the rule, and without the value', (name, value) => {
    const { errors } = readConfig({ ...production, [name]: value })
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatch(new RegExp(`^${name}: must be `))
    if (!SETTINGS[name].rule.includes(value)) expect(errors[0]).not.toContain(value)
  })

  it('reads a secret from a file, and refuses two sources', () => {
    const path = tempFile('redis-url', 'redis://:hidden@redis:6379\n')
    expect(readConfig({ REDIS_URL_FILE: path })).toMatchObject({
      config: { REDIS_URL: 'redis://:hidden@redis:6379' },
      errors: [],
      warnings: [],
    })
    expect(readConfig({ REDIS_URL_FILE: '' }).config.REDIS_URL).toBeUndefined()
    expect(readConfig({ REDIS_URL_FILE: path, REDIS_URL: 'redis://x' }).errors).toStrictEqual([
      'REDIS_URL: both REDIS_URL and REDIS_URL_FILE are set; set only one of them.',
    ])
    expect(readConfig({ REDIS_URL_FILE: '/nowhere/hidden' }).errors).toStrictEqual([
      'REDIS_URL_FILE: does not exist; mount the file there, or correct the path.',
    ])
    const { errors } = readConfig({ REDIS_URL_FILE: tempFile('x', 'http://hidden') })
    expect(errors).toStrictEqual(['REDIS_URL: must be redis://<host> or rediss://<host>.'])
    expect(readConfig({ PORT_FILE: path, RATE_LIMIT_PER_USER_FILE: path }).warnings).toHaveLength(1)
  })

  it('reports every error at once', () => {
    const { errors } = readConfig({ PORT: 'x', LOG_LEVEL: 'x', TRUST_PROXY: 'x' })
    expect(errors.map((error) => error.split(':')[0])).toStrictEqual(['PORT', 'LOG_LEVEL', 'TRUST_PROXY'])
    expect(new ConfigurationError(errors).message).toMatch(/^The service cannot start; 3 to fix:\n- PORT: /)
  })

  it('warns of a variable that looks like a setting, and names the nearest one', () => {
    const { warnings, errors } = readConfig({
      RATE_LIMIT_PER_CALER: '5',
      JAAS_APPID: 'x',
      CORS_ORIGIN: 'x',
      HOSTNAME: 'box',
      PATH: '/bin',
      PORTAL: 'x',
    })
    expect(errors).toStrictEqual([])
    expect(warnings).toStrictEqual([
      'RATE_LIMIT_PER_CALER is not a setting; the nearest name is RATE_LIMIT_PER_CALLER.',
      'JAAS_APPID is not a setting; the nearest name is JAAS_APP_ID.',
      'CORS_ORIGIN is not a setting; the nearest name is CORS_ORIGINS.',
    ])
  })
})

const NAMES = Object.keys(SETTINGS) as (keyof typeof SETTINGS)[]

/** Texts that are valid for one setting or another. */
const VALID = [
  ...NAMES.map((name) => String(SETTINGS[name].fallback ?? '')),
  'production',
  'self-hosted',
  'warn',
  'on',
  'hmac',
  'none',
  APP_ID,
  'https://app.example.org',
  'https://visits.example.org/',
  'http://localhost:3000',
  'redis://redis:6379',
  'postgres://user@host/database',
  '10.0.0.0/8, 2001:db8::1',
  '*',
  'k'.repeat(32),
  'é'.repeat(16),
]

describe.each(NAMES)('%s', (name) => {
  const setting = SETTINGS[name]

  it('accepts a text if and only if its schema accepts the parsed value, and otherwise states the rule', () => {
    expect(setting.rule).toMatch(/^\S.*[^.\s]$/)
    expect(setting.schema.description).toBe(setting.rule)
    const damaged = fc
      .tuple(fc.constantFrom(...VALID), fc.nat(60), fc.string({ maxLength: 2 }))
      .map(([text, at, inserted]) => text.slice(0, at) + inserted + text.slice(at))
    const texts = fc.oneof(fc.constantFrom(...VALID), damaged, fc.nat().map(String), fc.string())
    fc.assert(
      fc.property(
        texts.filter((text) => text !== ''),
        (text) => {
          const { config, errors } = readConfig({ [name]: text })
          const read = 'secret' in setting ? text.trim() : text
          const value = setting.parse(read)
          const isValid = Value.Check(setting.schema, value) && !isQuoted(text)
          const explained = explainText(name, read, setting.rule, (other) => setting.read(other) !== undefined)
          const empty = `${name}: contains no secret; set a value, or remove it.`
          const own = errors.filter((error) => error === `${name}: ${explained}` || error === empty)
          expect(own).toHaveLength(isValid ? 0 : 1)
          // An invalid NODE_ENV counts as production.
          if (isValid || name !== 'NODE_ENV') expect(config[name]).toStrictEqual(isValid ? value : setting.fallback)
        },
      ),
    )
  })
})

it('the prefixes come from the names of the settings, and leave out those of Node.js', () => {
  const isCovered = (name: string) => [...PREFIXES].some((prefix) => name.startsWith(prefix))
  expect(NAMES.filter((name) => !isCovered(name))).toStrictEqual(['NODE_ENV', 'HOST', 'PORT'])
  expect(readConfig({ NODE_OPTIONS: 'x', NODE_EXTRA_CA_CERTS: 'x' }).warnings).toStrictEqual([])
})

describe('production', () => {
  it('accepts real values', () => {
    expect(readConfig(production).errors).toStrictEqual([])
  })

  it('requires the AppID and a policy, and reports them beside other errors', () => {
    const { errors } = readConfig({ NODE_ENV: 'production', PORT: 'x' })
    expect(errors.map((error) => error.split(':')[0])).toStrictEqual(['PORT', 'JAAS_APP_ID', 'POLICY_FILE'])
  })

  it.each([
    ['JAAS_APP_ID', 'vpaas-magic-cookie-00000000000000000000000000000000'],
    ['JAAS_APP_ID', `vpaas-magic-cookie-${'a'.repeat(32)}`],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'http://app.example.org'],
  ])('refuses %s=%s, which development accepts', (name, value) => {
    expect(readConfig({ ...production, [name]: value }).errors).toMatchObject([
      expect.stringMatching(`^${name}: production`),
    ])
    expect(readConfig({ [name]: value }).errors).toStrictEqual([])
  })

  it('is assumed for a misspelt NODE_ENV', () => {
    const { config, errors } = readConfig({ NODE_ENV: 'Production' })
    expect(config.NODE_ENV).toBe('production')
    expect(errors.map((error) => error.split(':')[0])).toStrictEqual(['NODE_ENV', 'JAAS_APP_ID', 'POLICY_FILE'])
  })
})
