import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config/config.ts'

const read = (url: string) => readConfig({ DATABASE_URL: url })

describe('DATABASE_URL', () => {
  it.each([
    'sqlite:data/service.db',
    'postgres://user@host/database',
    'postgresql://user:password@host:5433/database?sslmode=disable',
    'postgres://user@host/database?sslmode=verify-full&sslrootcert=/etc/ca.pem',
    'postgres://user@[2001:db8::1]/database',
    'postgres://user@/database?host=/var/run/postgresql',
    'postgres:///database?host=/var/run/postgresql&port=5433',
    'postgres://user@%2Fvar%2Frun%2Fpostgresql/database',
    'postgres://user@/database?host=db.example.org',
  ])('accepts %s', (url) => {
    const { config, errors, warnings } = read(url)
    expect([config.DATABASE_URL, errors, warnings]).toStrictEqual([url, [], []])
  })

  it.each([
    'socket:/var/run/postgresql?db=tokens',
    '/var/run/postgresql tokens',
    'host=/var/run/postgresql dbname=tokens',
    'postgres://user@/database',
    'postgres:///database',
    'postgres://user@host',
    'postgres://user@host/',
    'postgres://user@/database?host=',
    'postgres://user@host/database?sslmode=allow',
    'postgres://user@host/database?sslmode=',
  ])('refuses %s with the forms that it accepts', (url) => {
    expect(read(url).errors).toStrictEqual([
      'DATABASE_URL: must be sqlite:<path>, postgres://<user>@<host>/<database>, or postgres://<user>@/<database>?host=/<folder> for a Unix socket; an sslmode is one of disable, prefer, require, verify-ca, verify-full, no-verify.',
    ])
  })

  it.each([
    ['prefer', 'never falls back to an unencrypted connection'],
    ['require', 'sslmode=require verifies the certificate'],
    ['verify-ca', 'sslmode=verify-ca verifies the certificate'],
    ['no-verify', 'does not verify the certificate'],
  ])('says what sslmode=%s does, without the rest of the URL', (mode, text) => {
    const { errors, warnings } = read(`postgres://user:hidden@host/database?sslmode=${mode}`)
    expect([errors, warnings]).toStrictEqual([[], [expect.stringContaining(text)]])
    expect(warnings.join()).toContain('set sslmode=verify-full')
    expect(warnings.join()).not.toMatch(/hidden|host|user/)
  })

  it.each(['disable', 'verify-full'])('says nothing of sslmode=%s', (mode) => {
    expect(read(`postgres://user@host/database?sslmode=${mode}`).warnings).toStrictEqual([])
  })

  it('says nothing of the TLS mode of a Unix socket, which has no TLS', () => {
    expect(read('postgres://user@/database?host=/run&sslmode=require').warnings).toStrictEqual([])
    expect(read('postgres://user@%2Frun/database?sslmode=require').warnings).toStrictEqual([])
  })
})
