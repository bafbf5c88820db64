import { describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { startService, tempDir, testEnv } from '../../kit.ts'

const get = async (env: Record<string, string> = {}) => {
  const { app } = await startService(env)
  return app.inject({ url: '/page-config.json' })
}

describe('GET /page-config.json', () => {
  it('has defaults, needs no credential and is not cached', async () => {
    const answer = await get()
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.json()).toStrictEqual({
      brand: { name: 'Video consultation' },
      languages: ['en', 'hi'],
      domain: '8x8.vc',
      features: { drafts: false, invitationMoves: true },
    })
  })

  it('has what the settings say, and no secret', async () => {
    const key = 'd'.repeat(44)
    const answer = await get({
      PAGE_BRAND_NAME: 'Sehat Clinic',
      PAGE_LOGO_URL: 'https://clinic.example.org/logo.svg',
      PAGE_COLOR: '#0a7d5a',
      PAGE_SUPPORT_PHONE: '+91 22-1234 5678',
      PAGE_LANGUAGES: 'hi, en, mr-IN',
      PAGE_OIDC_ISSUER: 'https://id.example.org/realms/clinic',
      PAGE_OIDC_CLIENT_ID: 'consultation-page',
      PAGE_OIDC_SCOPE: 'openid profile roles',
      EMR_DOCUMENTS_URL: 'https://emr.example.org/fhir',
      JITSI_DOMAIN: 'frankfurt.8x8.vc',
      DRAFT_KEY: key,
      INVITATION_MOVES: 'off',
    })
    expect(answer.json()).toStrictEqual({
      brand: { name: 'Sehat Clinic', logoUrl: 'https://clinic.example.org/logo.svg', color: '#0a7d5a' },
      supportPhone: '+91 22-1234 5678',
      languages: ['hi', 'en', 'mr-IN'],
      issuer: 'https://id.example.org/realms/clinic',
      clientId: 'consultation-page',
      scope: 'openid profile roles',
      domain: 'frankfurt.8x8.vc',
      features: { drafts: true, invitationMoves: false },
      emrUrl: 'https://emr.example.org/fhir',
    })
    expect(answer.body).not.toContain(key)
  })

  it.each([
    ['PAGE_BRAND_NAME', ' '],
    ['PAGE_BRAND_NAME', 'x'.repeat(129)],
    ['PAGE_BRAND_NAME', 'a\u202eb'],
    ['PAGE_LOGO_URL', 'http://clinic.example.org/logo.svg'],
    ['PAGE_LOGO_URL', 'https://user:pass@clinic.example.org/'],
    ['PAGE_LOGO_URL', 'javascript:alert(1)'],
    ['PAGE_COLOR', 'red'],
    ['PAGE_COLOR', '#0a7d5a;'],
    ['PAGE_SUPPORT_PHONE', 'call us'],
    ['PAGE_LANGUAGES', 'english language'],
    ['PAGE_LANGUAGES', 'en,,hi'],
    ['PAGE_OIDC_SCOPE', 'openid  profile'],
    ['EMR_DOCUMENTS_URL', 'ftp://emr.example.org'],
  ])('%s=%j is refused at start', (name, value) => {
    const { errors } = readConfig({ ...testEnv(tempDir()), [name]: value })
    expect(errors).toMatchObject([expect.stringMatching(new RegExp(`^${name}: `))])
  })

  it.each([
    ['PAGE_OIDC_ISSUER', 'https://id.example.org', 'PAGE_OIDC_CLIENT_ID'],
    ['PAGE_OIDC_CLIENT_ID', 'page', 'PAGE_OIDC_ISSUER'],
  ])('%s alone is refused at start', (name, value, missing) => {
    const { errors } = readConfig({ ...testEnv(tempDir()), [name]: value })
    expect(errors).toStrictEqual([`${missing}: ${name} requires it; set both, or neither.`])
  })

  it.each(['PUBLIC_URL', 'PAGE_LOGO_URL', 'EMR_DOCUMENTS_URL'])(
    '%s may be http on localhost in development',
    (name) => {
      const env = { [name]: 'http://localhost:5173/x' }
      expect(readConfig({ NODE_ENV: 'development', ...env }).errors).toStrictEqual([])
      expect(readConfig({ ...testEnv(tempDir()), ...env }).errors).toStrictEqual([
        `${name}: production refuses http, which is not encrypted; set an https URL.`,
      ])
    },
  )
})
