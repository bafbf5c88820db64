import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config/config.ts'
import { SETTINGS } from '../../src/config/settings.ts'
import { APP_ID, tempFile } from '../kit.ts'

const NAMES = Object.keys(SETTINGS) as (keyof typeof SETTINGS)[]
const SECRETS = NAMES.filter((name) => 'secret' in SETTINGS[name])

const SPECIAL: Partial<Record<keyof typeof SETTINGS, string>> = {
  JAAS_APP_ID: APP_ID,
  DATABASE_URL: 'postgres://user@host/database',
  REDIS_URL: 'redis://redis:6379',
  METRICS_TOKEN: 'm'.repeat(20),
  AUDIT_PSEUDONYMS: 'none',
  BASE_PATH: '/tokens',
}

/** Candidates for a valid text of a setting; the first that its schema accepts is used. */
const CANDIDATES = [
  ...['abc123', '30', '1', 'k'.repeat(44), 'https://app.example.org', '10.0.0.1', '#0a7d5a', 'production', '12345'],
  ...['on', 'hmac', 'address', 'info', 'jaas'],
]

/** A text that the setting accepts. */
function validTextOf(name: keyof typeof SETTINGS): string {
  const { read, fallback } = SETTINGS[name]
  const candidates = [SPECIAL[name], fallback === undefined ? undefined : [fallback].flat().join(','), ...CANDIDATES]
  const found = candidates.find((text) => text !== undefined && text !== '' && read(text) !== undefined)
  if (found === undefined) throw new Error(`no valid text for ${name}`)
  return found
}

/** The errors of a setting, without its name. @param env the variable, or the file of it */
const errorsOf = (name: string, env: Record<string, string>) =>
  readConfig(env).errors.flatMap((error) => (error.startsWith(`${name}:`) ? [error.slice(name.length + 2)] : []))

describe.each(NAMES)('%s', (name) => {
  const text = validTextOf(name)
  const isSecret = SECRETS.includes(name)
  const isList = Array.isArray(SETTINGS[name].read(`${text}, ${text}`))

  it.each(['"', "'", '`'])('in quotes (%s) is refused with the cause', (quote) => {
    for (const quoted of [`${quote}${text}${quote}`, `${quote}${text}${quote} `, `${quote}${text} ${quote}`])
      expect(errorsOf(name, { [name]: quoted })).toStrictEqual([expect.stringMatching(/^is in quotes.*remove them/)])
  })

  it.each([' ', '\n', '\r\n', '\t'])(
    'with %j at its end is trimmed if it is a secret, and otherwise named',
    (blank) => {
      for (const surrounded of [`${text}${blank}`, `${blank}${text}`]) {
        const errors = errorsOf(name, { [name]: surrounded })
        if (isSecret) {
          expect(readConfig({ [name]: surrounded }).config[name]).toStrictEqual(SETTINGS[name].read(text))
          expect(errors.filter((error) => /blank|must be|quotes/.test(error))).toStrictEqual([])
        } else if (!isList) {
          expect(errors).toStrictEqual([
            expect.stringMatching(/^begins or ends with a blank or a line break; remove it/),
          ])
        }
      }
    },
  )

  it('of blanks only is refused', () => {
    for (const blanks of [' ', '\n', '\t \r\n'])
      expect(errorsOf(name, { [name]: blanks })).toStrictEqual([
        expect.stringMatching(/^contains (only blanks|no secret)/),
      ])
  })

  it('with a line break inside is refused with the cause, or warned of', () => {
    const value = `${text}\n${text}`
    const { errors, warnings } = readConfig({ [name]: value })
    const told = [...errors, ...warnings].filter((message) => message.startsWith(`${name}:`))
    if (!isList) expect(told.join('\n')).toMatch(/line break/)
    for (const message of told) expect(message).not.toContain(text.length > 8 ? value : '\n\n')
  })
})

describe('the message names the cause of', () => {
  it.each([
    ['JAAS_APP_ID', `${APP_ID}/4f4910`, 'is the whole kid, <AppID>/<key id>; set it to the part before the slash.'],
    ['SIGNING_KEY_ID', `${APP_ID}/4f4910`, 'is the whole kid, <AppID>/<key id>; set it to the part after the slash.'],
    ['LOG_LEVEL', 'INFO', /^must be in lower case\. It must be one of/],
    ['JITSI_DOMAIN', '8X8.vc', /^must be in lower case/],
    ['PORT', '3005 # the port', /^contains a comment/],
    ['PORT', '30 05', /^contains a blank; remove it/],
    ['PORT', '3005\u200b', /^contains an invisible character/],
    ['HOST', 'a b', /^contains a blank; remove it/],
    ['PORT', '\u201c3005\u201d', /^is in quotes/],
    ['KEYS_DIR', 'keys ', /^begins or ends with a blank/],
    ['JITSI_JWT_SECRET', `${'k'.repeat(44)}\n${'k'.repeat(20)}`, /^contains a line break/],
  ])('%s=%j', (name, text, message) => {
    expect(errorsOf(name, { [name]: text })).toStrictEqual([
      typeof message === 'string' ? message : expect.stringMatching(message),
    ])
  })
})

describe('a secret', () => {
  const text = '0123456789abcdef0123456789abcdef0123'
  const self = { JITSI_DEPLOYMENT: 'self-hosted', JITSI_APP_ID: 'a', JITSI_DOMAIN: 'meet.example.org' }

  it('from the environment is the same bytes as from a file', () => {
    const file = tempFile('secret', `${text}\n`)
    for (const env of [{ JITSI_JWT_SECRET: `${text}\n` }, { JITSI_JWT_SECRET_FILE: file }, { JITSI_JWT_SECRET: text }])
      expect(readConfig({ ...self, ...env })).toMatchObject({
        config: { JITSI_JWT_SECRET: text },
        errors: [],
        warnings: [],
      })
    expect(readFileSync(file, 'utf8')).toBe(`${text}\n`)
  })

  it.each(SECRETS)('%s from a file with quotes or without a secret is refused', (name) => {
    const quoted = tempFile('quoted', `"${validTextOf(name)}"\n`)
    expect(errorsOf(name, { [`${name}_FILE`]: quoted })).toStrictEqual([expect.stringMatching(/^is in quotes/)])
    for (const blank of ['', '\n', ' \n'])
      expect(errorsOf(`${name}_FILE`, { [`${name}_FILE`]: tempFile('empty', blank) })).toStrictEqual([
        'contains no secret; set a value, or remove it.',
      ])
  })

  it('with a blank inside is used and warned of', () => {
    const passphrase = 'correct horse battery staple, thirty-two bytes'
    const { config, errors, warnings } = readConfig({ ROOM_NAME_KEY: passphrase })
    expect([config.ROOM_NAME_KEY, errors]).toStrictEqual([passphrase, []])
    expect(warnings).toStrictEqual([
      'ROOM_NAME_KEY: contains a blank or a line break, which is a part of the value; check that it is meant.',
    ])
  })
})
