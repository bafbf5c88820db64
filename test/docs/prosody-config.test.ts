import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { deploymentOf, readConfig } from '../../src/config/config.ts'

const PAGE = readFileSync(new URL('../../docs/keys-self-hosted.md', import.meta.url), 'utf8')
const [, CONFIG = ''] = /## A complete configuration[^]*?```lua\n([^]*?)```/.exec(PAGE) ?? []
const [, TABLE = ''] = /## A complete configuration[^]*?(\| Line [^]*?)\n\n/.exec(PAGE) ?? []

/** The value of an option, as it is written. */
const valueOf = (name: string): string | undefined => new RegExp(`^ *${name} = (.*)$`, 'm').exec(CONFIG)?.[1]

describe('the complete configuration of Prosody in docs/keys-self-hosted.md', () => {
  const options = [...CONFIG.matchAll(/^ *([a-z_]+) = /gm)].map(([, name]) => name ?? '')
  const [, modules = ''] = /modules_enabled = \{ (.*token_verification.*) \}/.exec(CONFIG) ?? []
  const ofRooms = [...modules.matchAll(/"([a-z_]+)"/g)].map(([, name]) => name ?? '')

  it('has what token authentication needs, and nothing that opens it', () => {
    expect(options).toEqual(
      expect.arrayContaining(['muc_mapper_domain_base', 'muc_mapper_domain_prefix', 'asap_key_server']),
    )
    expect(ofRooms).toEqual(expect.arrayContaining(['token_verification', 'token_affiliation', 'muc_displayname']))
    expect(valueOf('allow_empty_token')).toBe('false')
  })

  it('explains each line, and no other', () => {
    const explained = [...TABLE.matchAll(/^\| `([a-z_]+)` /gm)].map(([, name]) => name)
    expect(new Set(explained)).toStrictEqual(new Set([...options, ...ofRooms]))
    expect(new Set(explained).size).toBe(explained.length)
  })

  it('has one domain in all of its addresses', () => {
    const domain = JSON.parse(valueOf('muc_mapper_domain_base') ?? '""') as string
    const prefix = JSON.parse(valueOf('muc_mapper_domain_prefix') ?? '""') as string
    const hosts = [...CONFIG.matchAll(/^(?:VirtualHost|Component) "([^"]+)"/gm)].map(([, host]) => host)
    expect(hosts).toStrictEqual([
      domain,
      `auth.${domain}`,
      `${prefix}.${domain}`,
      `internal.auth.${domain}`,
      `focus.${domain}`,
    ])
    const accounts = [...CONFIG.matchAll(/"[a-z]+@([^"]+)"/g)].map(([, host]) => host)
    expect(new Set(accounts)).toStrictEqual(new Set([`auth.${domain}`]))
  })

  it('accepts the tokens of the settings that the page names', () => {
    const { config, errors } = readConfig({
      JITSI_DEPLOYMENT: 'self-hosted',
      JITSI_DOMAIN: 'meet.example.org',
      JITSI_APP_ID: 'clinic',
    })
    const { issuer, audience, subject, verifiesDomain } = deploymentOf(config)
    expect(errors).toStrictEqual([])
    expect([valueOf('asap_accepted_issuers'), valueOf('asap_accepted_audiences')]).toStrictEqual([
      `{ "${issuer}" }`,
      `{ "${audience}" }`,
    ])
    expect([valueOf('muc_mapper_domain_base'), valueOf('enable_domain_verification')]).toStrictEqual([
      `"${subject}"`,
      String(verifiesDomain),
    ])
  })
})
