import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../src/client/client.ts'
import { addressOf } from '../support/process.ts'
import {
  APP_ID,
  CLINIC,
  DOCTOR,
  readEntries,
  secondKeyPem,
  startService,
  startServiceProcess,
  tempDir,
  testEnv,
  testKeyPem,
  UNLIMITED,
  scrape,
} from '../kit.ts'

const NEXT = secondKeyPem()
const publicOf = (text: string) => createPublicKey(text).export({ type: 'spki', format: 'pem' })
const asap = (kid: string) => `/asap/${createHash('sha256').update(kid).digest('hex')}.pem`
const place = (dir: string, name: string, text: string | Buffer) =>
  writeFileSync(join(dir, name), text, { mode: 0o600 })

/** A service with a folder of keys of its own, in which `one` signs. */
async function start(files: Record<string, string> = {}) {
  const keysDir = tempDir()
  place(keysDir, 'one.pem', testKeyPem())
  for (const [name, text] of Object.entries(files)) place(keysDir, name, text)
  const service = await startService({ KEYS_DIR: keysDir, ...UNLIMITED })
  const kids = async () =>
    (await service.app.inject('/.well-known/jwks.json'))
      .json<{ keys: { kid: string }[] }>()
      .keys.map(({ kid }) => kid.split('/')[1])
  const signs = async () => decodeProtectedHeader((await service.client.issueToken(DOCTOR)).token).kid?.split('/')[1]
  return { ...service, keysDir, kids, signs }
}

describe('the ring', () => {
  it('follows its folder: a key comes, signs, the old one is retired and removed, and each step is recorded', async () => {
    const { keysDir, parts, kids, signs, allEntries } = await start()
    const step = async () => {
      await parts.reload()
      return [await signs(), await kids()]
    }
    expect(await step()).toStrictEqual(['one', ['one']])
    place(keysDir, 'two.pem', NEXT)
    expect(await step()).toStrictEqual(['one', ['one', 'two']])
    place(keysDir, 'active', 'two now')
    expect(await step()).toStrictEqual(['two', ['two', 'one']])
    rmSync(join(keysDir, 'one.pem'))
    place(keysDir, 'one.pub.pem', publicOf(testKeyPem()))
    expect(await step()).toStrictEqual(['two', ['two', 'one']])
    rmSync(join(keysDir, 'one.pub.pem'))
    expect(await step()).toStrictEqual(['two', ['two']])
    const recorded = allEntries().filter(({ action }) => String(action).startsWith('key.'))
    expect(
      recorded.map(({ action, kid, outcome }) => `${action} ${String(kid).split('/')[1]} ${outcome}`),
    ).toStrictEqual([
      'key.active one done',
      'key.next two done',
      'key.active two done',
      'key.next one done',
      'key.retired one done',
      'key.removed one done',
    ])
  })

  it('says in log and metrics that a new key will sign, and when', async () => {
    const { keysDir, parts, app, signs, logLines } = await start()
    const pending = async () =>
      Number(/^jts_key_activation_pending_timestamp_seconds (.*)$/m.exec((await scrape(app)).body)?.[1])
    expect(await pending()).toBe(0)
    place(keysDir, 'two.pem', NEXT)
    place(keysDir, 'active', 'two')
    const before = Date.now()
    await parts.reload()
    expect(await signs()).toBe('one')
    const at = (await pending()) * 1000
    expect(at).toBeGreaterThanOrEqual(before + 305_000)
    expect(at).toBeLessThanOrEqual(Date.now() + 305_000)
    const logged = () =>
      logLines
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter(({ msg }) => String(msg).startsWith('key '))
    const line = { level: 30, kid: `${APP_ID}/two` }
    expect(logged()).toMatchObject([{ ...line, msg: 'key activation pending', signsFrom: new Date(at).toISOString() }])
    place(keysDir, 'active', 'two now')
    await parts.reload()
    expect([await signs(), await pending()]).toStrictEqual(['two', 0])
    expect(logged()).toMatchObject([{}, { ...line, msg: 'key activated' }])
  })

  it.each([
    ['half a key', (dir: string) => place(dir, 'two.pem', NEXT.slice(0, 900)), /two\.pem: is not a private key/],
    [
      'a small key',
      (dir: string) =>
        place(
          dir,
          'two.pem',
          generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
        ),
      /has 2048 bits/,
    ],
    [
      'an active file that names nobody',
      (dir: string) => place(dir, 'active', 'nobody'),
      /nobody\.pem: does not exist/,
    ],
    ['nothing left', (dir: string) => unlinkSync(join(dir, 'one.pem')), /contains no <key id>\.pem/],
    ['another key under the same id', (dir: string) => place(dir, 'one.pem', NEXT), /was used for another key/],
  ])('stays as it was with %s, says why, and stays ready', async (_what, breakIt, reason) => {
    const { keysDir, parts, app, kids, signs, logLines } = await start()
    breakIt(keysDir)
    await parts.reload()
    expect([await signs(), await kids()]).toStrictEqual(['one', ['one']])
    expect(logLines.join('')).toMatch(reason)
    expect((await app.inject('/readyz')).json()).toMatchObject({
      ready: true,
      checks: { keyRing: 'failing', signingKey: 'ok' },
    })
    expect((await scrape(app)).body).toContain('jts_reload_failing{what="keys"} 1')
    for (const name of ['one.pem', 'two.pem', 'active']) rmSync(join(keysDir, name), { force: true })
    place(keysDir, 'one.pem', testKeyPem())
    await parts.reload()
    expect((await app.inject('/readyz')).json()).toMatchObject({ checks: { keyRing: 'ok' } })
  })

  it('in production never becomes that of development, not by a reload either', async () => {
    const { keysDir, parts, signs, logLines } = await start()
    place(keysDir, 'development.pem', NEXT)
    place(keysDir, 'active', 'development')
    await parts.reload()
    expect(await signs()).toBe('one')
    expect(parts.keys.isStale()).toBe(true)
    expect(logLines.join('')).toContain('production refuses the development key')
  })

  it('never takes an id again for another key, not after a restart either', async () => {
    const dir = tempDir()
    const keysDir = tempDir()
    place(keysDir, 'one.pem', testKeyPem())
    const env = { ...testEnv(dir), KEYS_DIR: keysDir, PORT: '0' }
    const first = startServiceProcess(dir, env)
    await addressOf(first)
    first.child.kill('SIGTERM')
    await first.ended
    place(keysDir, 'one.pem', NEXT)
    const second = startServiceProcess(dir, env)
    expect(await second.ended).toBe(1)
    expect(second.output()).toContain(
      `${APP_ID}/one: this kid was used for another key, which verifiers may have cached; give the new key a new id.`,
    )
  })

  it('is seen to change without a signal, through a link that is swapped too, as Kubernetes does', async () => {
    const root = tempDir()
    const [one, two] = [join(root, 'v1'), join(root, 'v2')]
    const { mkdirSync } = await import('node:fs')
    for (const dir of [one, two]) mkdirSync(dir)
    place(one, 'one.pem', testKeyPem())
    place(two, 'one.pem', testKeyPem())
    place(two, 'two.pem', NEXT)
    const mount = join(root, 'mount')
    mkdirSync(mount)
    symlinkSync('../v1', join(mount, '..data'))
    symlinkSync('..data/one.pem', join(mount, 'one.pem'))
    const { app } = await startService({ KEYS_DIR: mount })
    const count = async () => (await app.inject('/.well-known/jwks.json')).json<{ keys: unknown[] }>().keys.length
    expect(await count()).toBe(1)
    symlinkSync('../v2', join(mount, '..tmp'))
    renameSync(join(mount, '..tmp'), join(mount, '..data'))
    symlinkSync('..data/two.pem', join(mount, 'two.pem'))
    await expect.poll(count, { timeout: 60_000 }).toBe(2)
  })

  it('a signature that began with a key ends with it', async () => {
    const { keysDir, parts, client } = await start()
    const before = parts.keys.signer()
    place(keysDir, 'two.pem', NEXT)
    place(keysDir, 'active', 'two now')
    const asked = Array.from({ length: 20 }, () => client.issueToken(DOCTOR))
    await parts.reload()
    expect(parts.keys.signer()).not.toBe(before)
    const kids = (await Promise.all(asked)).map(({ token }) => decodeProtectedHeader(token).kid)
    expect(kids.every((kid) => kid === `${APP_ID}/one` || kid === `${APP_ID}/two`)).toBe(true)
    for (const { token } of await Promise.all(asked)) {
      expect(await parts.keys.verify(token, decodeProtectedHeader(token).kid)).toBe('valid')
    }
  })
})

describe('what verifiers ask', () => {
  it('the set holds each key with what a verifier needs, and no private member', async () => {
    const { app } = await start({ 'two.pem': NEXT, active: 'one' })
    const answer = await app.inject('/.well-known/jwks.json')
    expect(answer.headers).toMatchObject({
      'content-type': 'application/jwk-set+json; charset=utf-8',
      'cache-control': 'public, max-age=300',
      etag: expect.stringMatching(/^"[A-Za-z0-9_-]{43}"$/) as string,
    })
    const { keys } = answer.json<{ keys: Record<string, string>[] }>()
    expect(keys.map((key) => Object.keys(key).toSorted())).toStrictEqual(
      Array.from({ length: 2 }, () => ['alg', 'e', 'kid', 'kty', 'n', 'use']),
    )
    expect(keys[0]).toMatchObject({ kty: 'RSA', alg: 'RS256', use: 'sig', e: 'AQAB', kid: `${APP_ID}/one` })
  })

  it('a set that did not change is not sent again', async () => {
    const { app, keysDir, parts } = await start()
    const { etag } = (await app.inject('/.well-known/jwks.json')).headers
    const again = () => app.inject({ url: '/.well-known/jwks.json', headers: { 'if-none-match': String(etag) } })
    const same = await again()
    expect([same.statusCode, same.body, same.headers['etag'], same.headers['cache-control']]).toStrictEqual([
      304,
      '',
      etag,
      'public, max-age=300',
    ])
    place(keysDir, 'two.pem', NEXT)
    await parts.reload()
    expect((await again()).statusCode).toBe(200)
  })

  it('the key server gives the PEM of each published key under the hash of its whole kid', async () => {
    const { app } = await start({ 'two.pem': NEXT, active: 'one', 'old.pub.pem': publicOf(NEXT) })
    for (const [id, text] of [
      ['one', testKeyPem()],
      ['two', NEXT],
      ['old', NEXT],
    ] as const) {
      const answer = await app.inject(asap(`${APP_ID}/${id}`))
      expect([answer.statusCode, answer.body]).toStrictEqual([200, publicOf(text)])
      expect(answer.headers['content-type']).toMatch(/^application\/x-pem-file/)
    }
    const head = await app.inject({ method: 'HEAD', url: asap(`${APP_ID}/one`) })
    expect([head.statusCode, head.body, head.headers['content-length']]).toStrictEqual([200, '', '800'])
  })

  it('the name of a kid is the one that Jitsi computes', () => {
    expect(asap('vpaas-magic-cookie-1fc542a3e4414a44b2611668195e2bfe/4f4910')).toBe(
      '/asap/162a306728647064e4ab526142131a9fbbb301f77edaac6c9e504b3678ab1a17.pem',
    )
  })

  it.each([
    '/asap/',
    '/asap/x.pem',
    `/asap/${'0'.repeat(64)}.pem`,
    `/asap/${'0'.repeat(64)}`,
    `${asap(`${APP_ID}/one`)}x`,
    asap(`${APP_ID}/one`).replace('.pem', ''),
    asap(`${APP_ID}/one`).replace('.pem', '.PEM'),
    asap('one'),
    '/asap/one.pem',
    '/asap/..%2fkeys%2fone.pem',
    '/asap/__proto__.pem',
    '/asap/constructor.pem',
    `/asap/${'a'.repeat(8000)}.pem`,
    '/asap',
    '/keys/one.pem',
  ])('for %s there is no key: 404, never a redirect, never something else with 200', async (url) => {
    const { app } = await start()
    for (const method of ['GET', 'HEAD'] as const) {
      const answer = await app.inject({ method, url })
      expect(answer.statusCode).toBe(404)
      expect(answer.headers['location']).toBeUndefined()
      expect(answer.headers['cache-control']).toBe('no-store')
    }
  })

  it('has a limit of its own, so that verifiers and callers do not crowd each other out', async () => {
    const keysDir = tempDir()
    place(keysDir, 'one.pem', testKeyPem())
    const { app } = await startService({
      KEYS_DIR: keysDir,
      RATE_LIMIT_PER_ADDRESS: '1',
      RATE_LIMIT_KEYS_PER_ADDRESS: '3',
    })
    const status = async (url: string) => (await app.inject(url)).statusCode
    expect([await status('/nowhere'), await status('/nowhere')]).toStrictEqual([404, 429])
    expect([
      await status('/.well-known/jwks.json'),
      await status(asap('x')),
      await status(asap('x')),
      await status(asap('x')),
    ]).toStrictEqual([200, 404, 404, 429])
  })
})

it('under steady load a key is added, activated, and the old one retired: no request fails, every token verifies by what was published then', async () => {
  const dir = tempDir()
  const keysDir = tempDir()
  place(keysDir, 'one.pem', testKeyPem())
  const running = startServiceProcess(dir, { ...testEnv(dir), ...UNLIMITED, KEYS_DIR: keysDir, PORT: '0' })
  const baseUrl = await addressOf(running)
  const client = createClient({ baseUrl, credential: CLINIC.apiKey })
  const state = { over: false }
  const seen = new Map<string, number>()
  const asking = Array.from({ length: 4 }, async () => {
    while (!state.over) {
      await setTimeout(5)
      const { token } = await client.issueToken(DOCTOR)
      // Fetched after the token: the verifier that sees it may ask at any time from now on.
      const jwks = (await (await fetch(`${baseUrl}/.well-known/jwks.json`)).json()) as JSONWebKeySet
      const { protectedHeader } = await jwtVerify(token, createLocalJWKSet(jwks))
      seen.set(String(protectedHeader.kid), (seen.get(String(protectedHeader.kid)) ?? 0) + 1)
    }
  })
  const kids = async () =>
    ((await (await fetch(`${baseUrl}/.well-known/jwks.json`)).json()) as JSONWebKeySet).keys.map(
      ({ kid }) => kid?.split('/')[1],
    )
  const until = async (expected: string[]) => {
    await expect.poll(kids, { timeout: 60_000 }).toStrictEqual(expected)
  }
  const enough = async (id: string) => {
    await expect.poll(() => seen.get(`${APP_ID}/${id}`) ?? 0, { timeout: 60_000 }).toBeGreaterThan(20)
  }
  await enough('one')
  const reload = () => running.child.kill('SIGHUP')
  place(keysDir, 'two.pem', NEXT)
  reload()
  await until(['one', 'two'])
  place(keysDir, 'active', 'two now')
  reload()
  await until(['two', 'one'])
  await enough('two')
  place(keysDir, 'one.pub.pem', publicOf(testKeyPem()))
  rmSync(join(keysDir, 'one.pem'))
  reload()
  const before = seen.get(`${APP_ID}/two`) ?? 0
  await expect.poll(() => seen.get(`${APP_ID}/two`) ?? 0, { timeout: 60_000 }).toBeGreaterThan(before + 20)
  await running.said(/(keys reloaded[^]*){3}/)
  state.over = true
  await Promise.all(asking)
  const recorded = readEntries(join(dir, 'service.db')).filter(({ action }) => String(action).startsWith('key.'))
  expect(recorded.map(({ action, kid }) => `${action} ${String(kid).split('/')[1]}`)).toStrictEqual([
    'key.active one',
    'key.next two',
    'key.active two',
    'key.next one',
    'key.retired one',
  ])
})
