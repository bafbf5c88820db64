import { execFileSync } from 'node:child_process'
import { createServer } from 'node:http'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { policyWithIssuer, startIssuer } from '../support/oidc.ts'
import { secondKeyPem, startService } from '../kit.ts'
import { newPostgres } from '../store/engines/engines.ts'
import { cliIn, MINT, production } from './cli.ts'

const POSTGRES = process.env['TEST_DATABASE_URL']
const REDIS = process.env['TEST_REDIS_URL']

/** Commands that read, with the exit code without a database and with one that would have to be migrated. */
const READING: [words: string[], missing: number, outdated: number][] = [
  [['audit', 'export'], 2, 2],
  [['audit', 'tail'], 2, 2],
  [['audit', 'verify'], 2, 2],
  [['audit', 'retain', '--plan'], 2, 2],
  [['keys', 'list'], 0, 2],
  [['keys', 'activate', 'one'], 0, 2],
  [['keys', 'retire', 'one'], 2, 2],
  [['keys', 'remove', 'one'], 2, 2],
  [['check'], 0, 0],
  [['db', 'migrate', '--plan'], 0, 0],
  [['inspect', '-'], 1, 1],
]

const migrationsOf = (path: string) => {
  const file = new DatabaseSync(path, { readOnly: true })
  try {
    return file
      .prepare('SELECT name FROM kysely_migration ORDER BY name')
      .all()
      .map(({ name }) => String(name))
  } finally {
    file.close()
  }
}

function executeIn(path: string, statements: string): void {
  const file = new DatabaseSync(path)
  file.exec(statements)
  file.close()
}

/** A database with a token in its record, as an older or a newer version has it. */
async function databaseOf(statements: string) {
  const { dir, env, cli } = production()
  await cli(...MINT)
  const path = join(dir, 'service.db')
  executeIn(path, statements)
  return { dir, env, cli, path, before: migrationsOf(path) }
}

const OLDER = "DELETE FROM kysely_migration WHERE name >= '017'; DROP TABLE additive_migration"
const NEWER = "INSERT INTO kysely_migration VALUES ('999-future', '2027-01-01T00:00:00.000Z')"
const ADDITIVE = `${NEWER}; INSERT INTO additive_migration VALUES ('999-future'); CREATE TABLE future (id text)`

describe.each(READING)('%j', (words, missing, outdated) => {
  it('creates no database', async () => {
    const { dir, env } = production()
    const [folder, path] = [join(dir, 'data'), join(dir, 'data/service.db')]
    const { status, stderr } = await cliIn(dir, { ...env, DATABASE_URL: `sqlite:${path}` }, 'x.y.z')(...words)
    expect(status).toBe(missing)
    if (missing === 2)
      expect(stderr).toContain(
        `DATABASE_URL: there is no database at ${path} yet; start the service, or run: db migrate.`,
      )
    expect(existsSync(folder)).toBe(false)
  })

  it('migrates no database of an older version', async () => {
    const { dir, env, path, before } = await databaseOf(OLDER)
    const { status, stderr } = await cliIn(dir, env, 'x.y.z')(...words)
    expect(status).toBe(outdated)
    if (outdated === 2)
      expect(stderr).toContain('was made by an older version (1 migrations are pending); start the service, or run: db')
    expect(migrationsOf(path)).toStrictEqual(before)
  })
})

describe('a database of a newer version', () => {
  it('is refused by every command that opens it, and by the service', async () => {
    const { cli, env } = await databaseOf(NEWER)
    const sentence = 'the database was made by a newer version (999-future)'
    for (const words of [['audit', 'verify'], ['audit', 'tail'], ['keys', 'list'], ['db', 'migrate'], MINT])
      expect(await cli(...words)).toMatchObject({ status: 2, stderr: expect.stringContaining(sentence) as string })
    expect(await cli('check')).toMatchObject({ status: 1, stdout: expect.stringContaining(sentence) as string })
    const { DATABASE_URL = '' } = env
    await expect(startService({ DATABASE_URL })).rejects.toThrow(sentence)
  })

  it('is used if all its newer migrations are additive, with a warning', async () => {
    const { cli, env, path, before } = await databaseOf(ADDITIVE)
    expect(await cli('audit', 'verify')).toMatchObject({ status: 0 })
    const { DATABASE_URL = '' } = env
    const { client, logLines } = await startService({ DATABASE_URL })
    expect(logLines.map((line) => JSON.parse(line) as object)).toContainEqual(
      expect.objectContaining({ level: 40, migrations: ['999-future'] }),
    )
    expect(client).toBeDefined()
    expect(migrationsOf(path)).toStrictEqual(before)
  })

  it('is refused if one of several is not additive', async () => {
    const { cli } = await databaseOf(`${ADDITIVE}; INSERT INTO kysely_migration VALUES ('999-other', '2027-01-01')`)
    expect((await cli('audit', 'verify')).stderr).toContain('made by a newer version (999-future, 999-other)')
  })
})

describe.skipIf(POSTGRES === undefined)('PostgreSQL', () => {
  it('without tables is neither filled nor an error of check', async () => {
    const { dir, env } = production()
    const cli = cliIn(dir, { ...env, DATABASE_URL: await newPostgres() })
    expect((await cli('audit', 'verify')).stderr).toContain('the database has no tables yet; start the service')
    expect((await cli('check')).stdout).toMatch(/^DATABASE_URL +has no tables yet/m)
    expect((await cli('db', 'migrate')).stdout).toMatch(/^Migrated:\n- 001-audit/)
    expect((await cli('check')).stdout).toMatch(/^DATABASE_URL +is up to date$/m)
    expect((await cli('audit', 'verify')).status).toBe(3)
  })

  it.each(['127.0.0.1', 'localhost'])('that does not answer at %s is an error of check', async (host) => {
    const { dir, env } = production()
    const cli = cliIn(dir, { ...env, DATABASE_URL: `postgres://u@${host}:9/x` })
    const { status, stdout } = await cli('check')
    expect(status).toBe(1)
    expect(stdout).toMatch(/- DATABASE_URL: the database cannot be opened \([^)]*ECONNREFUSED[^)]*\); name a database/)
    expect(stdout).toMatch(/^DATABASE_URL +cannot be opened$/m)
    expect((await cli('check', '--offline')).status).toBe(0)
  })
})

it('audit verify of an empty record is not success: exit 3', async () => {
  const { cli } = production()
  await cli('db', 'migrate')
  const verified = await cli('audit', 'verify')
  expect(verified).toMatchObject({ status: 3, stdout: expect.stringContaining('The record is empty') as string })
  await cli(...MINT)
  expect(await cli('audit', 'verify')).toMatchObject({ status: 0 })
})

describe('check connects', () => {
  it('to Redis, the identity provider and the JaaS endpoints, and warns of those that do not answer', async () => {
    const { dir, env } = production()
    writeFileSync(join(dir, 'policy.yaml'), policyWithIssuer('http://127.0.0.1:9'))
    const dead = 'http://127.0.0.1:9'
    const change = { NODE_ENV: 'development', REDIS_URL: 'redis://127.0.0.1:9', JAAS_MANAGEMENT: 'on' }
    const cli = cliIn(dir, { ...env, ...change, JAAS_MANAGEMENT_URL: dead })
    const { status, stdout } = await cli('check')
    expect(status).toBe(0)
    for (const name of ['REDIS_URL', `issuer ${dead}`, 'JAAS_MANAGEMENT_URL'])
      expect(stdout).toContain(`- ${name}: cannot be reached (`)
    expect((await cli('check', '--offline')).stdout).not.toContain('cannot be reached')
  })

  it('and says what answers', async () => {
    const issuer = await startIssuer()
    const jaas = createServer((_request, response) => void response.writeHead(404).end()).listen(0, '127.0.0.1')
    await new Promise((resolve) => jaas.once('listening', resolve))
    onTestFinished(() => void jaas.close())
    const { port } = jaas.address() as { port: number }
    const { dir, env } = production()
    writeFileSync(join(dir, 'policy.yaml'), policyWithIssuer(issuer.url))
    const change = { NODE_ENV: 'development', JAAS_MANAGEMENT: 'on', JAAS_MANAGEMENT_URL: `http://127.0.0.1:${port}` }
    const cli = cliIn(dir, { ...env, ...change, ...(REDIS === undefined ? {} : { REDIS_URL: REDIS }) })
    const { connections } = (await cli('check', '--json')).json() as { connections: object }
    expect(connections).toMatchObject({
      DATABASE_URL: 'has no tables yet; the service creates them at start',
      [`issuer ${issuer.url}`]: expect.stringMatching(/^publishes \d keys$/) as string,
      JAAS_MANAGEMENT_URL: 'answers',
      ...(REDIS === undefined ? {} : { REDIS_URL: 'answers' }),
    })
  })

  it('to a server that is not Redis, and says so', async () => {
    const silent = createTcpServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    silent.listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    onTestFinished(() => void silent.close())
    const { dir, env } = production()
    const { port } = silent.address() as { port: number }
    const cli = cliIn(dir, { ...env, REDIS_URL: `redis://127.0.0.1:${port}` })
    expect((await cli('check')).stdout).toContain('- REDIS_URL: cannot be reached (')
  })
})

describe('on a read-only mount', () => {
  it.for([
    ['keys', 'generate', '--id', 'new'],
    ['keys', 'activate', 'two', '--now'],
    ['keys', 'retire', 'two'],
  ])('%s %s is refused with a sentence', async (words, { skip }) => {
    const { dir, env, keysDir, cli } = production()
    await cli(...MINT)
    writeFileSync(join(keysDir, 'two.pem'), secondKeyPem(), { mode: 0o600 })
    const mounted = join(dir, 'mounted')
    mkdirSync(mounted)
    if (!mountReadOnly(keysDir, mounted)) skip('nothing can be mounted here')
    const selection = words[1] === 'retire' ? { SIGNING_KEY_ID: 'one' } : {}
    const { status, stderr } = await cliIn(dir, { ...env, KEYS_DIR: mounted, ...selection })(...words)
    expect(status).toBe(2)
    expect(stderr).toMatch(/^\S+: is on a read-only file system; run the command where it is mounted writable/)
    expect(new Set(readdirSync(keysDir))).toStrictEqual(new Set(['one.pem', 'two.pem']))
  })
})

/** Mounts a folder read-only at another place. @returns false if that cannot be done here */
function mountReadOnly(from: string, to: string): boolean {
  try {
    execFileSync('mount', ['--bind', from, to], { stdio: 'pipe' })
    onTestFinished(() => void execFileSync('umount', ['--lazy', to]))
    execFileSync('mount', ['-o', 'remount,ro,bind', to], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}
