import { existsSync } from 'node:fs'
import pg from 'pg'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { linkEntry } from '../../../src/rules/audit/chain.ts'
import { NO_EVENTS } from '../../../src/service/events.ts'
import { connectionStringOf } from '../../../src/store/engines/postgres-url.ts'
import { openStore } from '../../../src/store/open.ts'
import { writersOf } from '../../kit.ts'
import { newPostgres } from './engines.ts'

const FOLDER = '/var/run/postgresql'
const THERE = process.env['TEST_DATABASE_URL'] !== undefined && existsSync(`${FOLDER}/.s.PGSQL.5432`)

describe('the connection string of pg', () => {
  it.each([
    ['postgres://u@h/d', 'postgres://u@h/d'],
    ['postgres://u@h/d?sslmode=disable', 'postgres://u@h/d?sslmode=disable'],
    ['postgres://u@h/d?sslmode=require', 'postgres://u@h/d?sslmode=verify-full'],
    ['postgres://u@h/d?sslmode=prefer&application_name=x', 'postgres://u@h/d?sslmode=verify-full&application_name=x'],
    ['postgres://u@/d?host=/run&sslmode=require', 'postgres://u@/d?host=%2Frun'],
    ['postgres://u@%2Frun/d?sslmode=require&sslrootcert=/ca.pem', 'postgres://u@%2Frun/d'],
    ['postgres://u:%2Fp@h/d?sslmode=verify-ca', 'postgres://u:%2Fp@h/d?sslmode=verify-full'],
  ])('of %s is %s', (url, expected) => {
    expect(connectionStringOf(url)).toBe(expected)
  })

  it.each(['prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'])(
    'makes pg print no warning of its own: sslmode=%s',
    (mode) => {
      const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
      onTestFinished(() => warn.mockRestore())
      const client = new pg.Client({ connectionString: connectionStringOf(`postgres://u@h/d?sslmode=${mode}`) })
      expect((client as unknown as { ssl: object }).ssl).toStrictEqual(
        mode === 'no-verify' ? { rejectUnauthorized: false } : {},
      )
      expect(warn).not.toHaveBeenCalled()
    },
  )
})

describe.skipIf(!THERE)(
  `PostgreSQL on a Unix socket${THERE ? '' : ' (skipped: no TEST_DATABASE_URL or no socket)'}`,
  () => {
    it.each([
      ['host parameter', (user: string, name: string) => `postgres://${user}@/${name}?host=${FOLDER}&sslmode=require`],
      ['encoded host', (user: string, name: string) => `postgres://${user}@${encodeURIComponent(FOLDER)}/${name}`],
    ])('by the %s: the record is written and changes are published', async (_form, urlOf) => {
      const { username, pathname } = new URL(await newPostgres())
      const url = urlOf(username, pathname.slice(1))
      const open = (name: string) => openStore(url, writersOf(name), linkEntry, NO_EVENTS)
      const [store, other] = [await open('a'), await open('b')]
      onTestFinished(async () => void (await Promise.all([store.close(), other.close()])))
      await store.ledger.probe()
      const heard = new Promise((resolve) => other.changeBus.subscribe('c-1', () => resolve('c-1')))
      const again = setInterval(() => store.changeBus.publish('c-1'), 50)
      onTestFinished(() => clearInterval(again))
      expect(await heard).toBe('c-1')
    })
  },
)
