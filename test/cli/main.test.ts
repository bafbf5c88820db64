import { createHash, createPublicKey } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compactVerify, decodeJwt, decodeProtectedHeader } from 'jose'
import { describe, expect, it } from 'vitest'
import { linkEntry } from '../../src/rules/audit/chain.ts'
import { openLedger } from '../../src/store/audit/ledger.ts'
import { openKeyRegister } from '../../src/store/key-register.ts'
import { NO_EVENTS } from '../../src/service/events.ts'
import { openSqlite } from '../../src/store/engines/sqlite.ts'
import { cliIn, MINT, production, spawnCli } from './cli.ts'
import { APP_ID, brokenAt, NOW, POLICY, readEntries, tempDir, testKeyPem, secondKeyPem } from '../kit.ts'

describe('the command line', () => {
  it.each([
    [['api-key', 'Clinic'], 'a caller id has'],
    [['api-key'], 'this command takes exactly one argument'],
    [['api-key', 'a', 'b'], 'this command takes exactly one argument'],
    [['nonsense'], 'unknown command'],
    [['keys'], 'unknown command'],
    [[], 'unknown command'],
    [['check', '--nonsense'], 'Unknown option'],
    [['keys', 'activate', '../x'], 'a key id has'],
    [['keys', 'generate', '--primes', '5'], '--primes must be 2, 3 or 4'],
    [['inspect', '/nowhere/token'], 'the file does not exist'],
    [['inspect', 'eyJhbGciOiJub25lIn0.e30.'], 'stays in the shell history'],
  ])('%j is not understood: exit 2, and nothing on standard output', async (words, said) => {
    const { status, stdout, stderr } = await cliIn(tempDir())(...words)
    expect([status, stdout]).toStrictEqual([2, ''])
    expect(stderr).toContain(said)
  })

  it('as a program: prints on its streams, reads its input, and ends with its code', () => {
    const dir = tempDir()
    const made = spawnCli(dir, {}, '', 'api-key', 'clinic-backend')
    expect([made.status, made.stderr]).toStrictEqual([0, ''])
    expect(made.stdout).toMatch(/^ {2}jts_clinic-backend_/m)
    const wrong = spawnCli(dir, {}, '', 'nonsense')
    expect([wrong.status, wrong.stdout]).toStrictEqual([2, ''])
    expect(wrong.stderr).toContain('Usage: npm run cli')
    expect(spawnCli(dir, {}, 'nonsense', 'inspect', '--json')).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('"not-a-token"') as string,
    })
  })

  it('--help says what there is, and --json says it to programs', async () => {
    const cli = cliIn(tempDir())
    expect(await cli('--help')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('keys retire <key id>') as string,
    })
    expect((await cli('nonsense', '--json')).json()).toStrictEqual({ error: 'unknown command' })
  })

  it('api-key prints a key for the caller and the hash for the policy', async () => {
    const { apiKey, sha256 } = (await cliIn(tempDir())('api-key', 'clinic-backend', '--json')).json() as Record<
      string,
      unknown
    >
    expect(apiKey).toMatch(/^jts_clinic-backend_[A-Za-z0-9_-]{43}$/)
    expect(sha256).toBe(createHash('sha256').update(String(apiKey)).digest('hex'))
  })
})

describe('keys', () => {
  it('are generated for their owner alone, printed in public, and never over another', async () => {
    const dir = tempDir()
    const cli = cliIn(dir)
    const { status, stdout } = await cli('keys', 'generate', '--id', 'k1')
    expect(status).toBe(0)
    expect(stdout).toContain('-----BEGIN PUBLIC KEY-----')
    expect(stdout).not.toContain('PRIVATE KEY')
    const path = join(dir, 'keys', 'k1.pem')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const pem = readFileSync(path, 'utf8')
    expect(stdout).toContain(createPublicKey(pem).export({ type: 'spki', format: 'pem' }).trim())
    expect((await cli('keys', 'generate', '--id', 'k1')).status).toBe(1)
    expect(readFileSync(path, 'utf8')).toBe(pem)
  })

  it('of four primes are made by OpenSSL, and verify like any other', async () => {
    const dir = tempDir()
    const cli = cliIn(dir)
    const made = await cli('keys', 'generate', '--primes', '4', '--json')
    if (made.status === 1)
      return expect(made.json()).toStrictEqual({
        error: 'openssl was not found; install it, or generate a key of two primes.',
      })
    const words = [
      '--room',
      'bharattelemed-a-1',
      '--user',
      'u',
      '--name',
      'N',
      '--role',
      'doctor',
      '--show-token',
      '--json',
    ]
    const { id, path } = made.json() as { id: string; path: string }
    expect(id).toMatch(/^new-[0-9a-f]{6}$/)
    const { token } = (await cli('mint', ...words)).json() as { token: string }
    return expect(compactVerify(token, createPublicKey(readFileSync(path)))).resolves.toBeDefined()
  })

  it('of more primes need OpenSSL, and say so', async () => {
    const { status, stdout } = spawnCli(tempDir(), { PATH: '/nowhere' }, '', 'keys', 'generate', '--primes', '4')
    expect([status, stdout]).toStrictEqual([1, 'openssl was not found; install it, or generate a key of two primes.\n'])
  })

  it('are activated, retired once their tokens are dead, and removed, in that order alone', async () => {
    const { dir, keysDir, env, cli } = production()
    writeFileSync(join(keysDir, 'two.pem'), secondKeyPem(), { mode: 0o600 })
    expect(await cli('keys', 'list')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('contains 2 private keys') as string,
    })
    expect(await cli('keys', 'activate', 'three')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('does not exist') as string,
    })
    const issued = {
      requestId: 'r',
      caller: 'c',
      action: 'token.issue',
      outcome: 'issued',
      kid: `${APP_ID}/one`,
    } as const
    // A service that ran before the second key came goes on with the first, and so it is listed.
    const known = await openSqlite(join(dir, 'service.db'))
    const key = {
      kid: `${APP_ID}/one`,
      fingerprint: 'f',
      state: 'active',
      firstSeenAt: 1,
      publishedSince: 1,
      changedAt: 1,
    } as const
    await openKeyRegister(known).save([key])
    await known.destroy()
    expect((await cli('keys', 'list')).stdout).toMatch(/^one +active +1970-01-01T00:00:00\.001Z/m)
    expect((await cli('keys', 'activate', 'one')).status).toBe(0)
    expect(readFileSync(join(keysDir, 'active'), 'utf8')).toBe('one\n')
    expect(await cli('keys', 'retire', 'one')).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('one is active; activate another key') as string,
    })
    expect((await cli('keys', 'remove', 'two')).stdout).toContain('two is next; only a retired key')

    const db = await openSqlite(join(dir, 'service.db'))
    await openLedger(db, { name: 'w', chain: 'one' }, linkEntry, NO_EVENTS).append({
      ...issued,
      time: Date.now() - 3_600_000,
      lifetimeSeconds: 7200,
    })
    await db.destroy()
    expect((await cli('keys', 'activate', 'two', '--now')).status).toBe(0)
    const refused = await cli('keys', 'retire', 'one', '--json')
    expect(refused.status).toBe(1)
    const { until } = refused.json() as { until: string }
    expect(Date.parse(until) - Date.now()).toBeGreaterThan(3_500_000)
    expect(existsSync(join(keysDir, 'one.pem'))).toBe(true)
    const { keys } = (await cli('keys', 'list', '--json')).json() as { keys: Record<string, string>[] }
    expect(keys.map(({ id, state, kid, deadAt, asap }) => [id, state, kid, deadAt, asap])).toStrictEqual([
      [
        'two',
        'active',
        `${APP_ID}/two`,
        undefined,
        `${createHash('sha256').update(`${APP_ID}/two`).digest('hex')}.pem`,
      ],
      ['one', 'next', `${APP_ID}/one`, until, `${createHash('sha256').update(`${APP_ID}/one`).digest('hex')}.pem`],
    ])

    // Another record, in which all that it signed is dead.
    rmSync(join(dir, 'service.db'))
    rmSync(join(dir, 'service.db-wal'), { force: true })
    rmSync(join(dir, 'service.db-shm'), { force: true })
    const old = await openSqlite(join(dir, 'service.db'))
    await openLedger(old, { name: 'w', chain: 'one' }, linkEntry, NO_EVENTS).append({
      ...issued,
      time: Date.now() - 7_300_000,
      lifetimeSeconds: 7200,
    })
    await old.destroy()
    expect((await cli('keys', 'retire', 'one')).status).toBe(0)
    expect(readdirSync(keysDir).toSorted()).toStrictEqual(['active', 'one.pub.pem', 'two.pem'])
    expect(readFileSync(join(keysDir, 'one.pub.pem'), 'utf8')).toBe(
      createPublicKey(testKeyPem()).export({ type: 'spki', format: 'pem' }),
    )
    expect((await cli('keys', 'list')).stdout).toMatch(/^one +retired /m)
    expect((await cli('keys', 'remove', 'one')).status).toBe(0)
    expect(readdirSync(keysDir).toSorted()).toStrictEqual(['active', 'two.pem'])
    expect(await cli('keys', 'remove', 'one')).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('There is no key one') as string,
    })
    expect((await cliIn(dir, { ...env, SIGNING_KEY_ID: 'two' })('keys', 'activate', 'two')).stdout).toContain(
      'SIGNING_KEY_ID selects the key that signs',
    )
  })
})

describe('a key that verifiers have not fetched', () => {
  const AT = '2026-11-23T09:05:05.000Z'

  /** A folder with the key `two` besides `one`, which signs, and a register of what a service has seen. */
  async function withNewKey(publishedSince?: number) {
    const { dir, keysDir, env } = production()
    writeFileSync(join(keysDir, 'two.pem'), secondKeyPem(), { mode: 0o600 })
    const db = await openSqlite(join(dir, 'service.db'))
    const key = { fingerprint: 'f', firstSeenAt: 1, publishedSince: 1, changedAt: 1 }
    await openKeyRegister(db).save([
      { ...key, kid: `${APP_ID}/one`, state: 'active' },
      ...(publishedSince === undefined
        ? []
        : [{ ...key, kid: `${APP_ID}/two`, state: 'next' as const, publishedSince }]),
    ])
    await db.destroy()
    return { keysDir, dir, env, cli: cliIn(dir, env, '', () => NOW) }
  }

  it('signs later, and the command says when', async () => {
    const { keysDir, cli } = await withNewKey(NOW)
    expect(await cli('keys', 'activate', 'two')).toMatchObject({
      status: 0,
      stdout: `two signs from ${AT}, once verifiers have fetched the new key set.\nUntil then the previous key signs. To use the new key at once: keys activate two --now\n`,
    })
    expect(readFileSync(join(keysDir, 'active'), 'utf8')).toBe('two\n')
    expect((await cli('keys', 'activate', 'two', '--json')).json()).toStrictEqual({
      ...{ id: 'two', state: 'next', signsFrom: AT },
    })
    const { stdout } = await cli('keys', 'list')
    expect(stdout).toMatch(/^one +active +1970/m)
    expect(stdout).toMatch(/^two +next \(signs from 2026-11-23T09:05:05\.000Z\) +1970/m)
    const { keys } = (await cli('keys', 'list', '--json')).json() as { keys: Record<string, string>[] }
    expect(keys.map(({ id, state, signsFrom }) => [id, state, signsFrom])).toStrictEqual([
      ['one', 'active', undefined],
      ['two', 'next', AT],
    ])
  })

  it('waits for KEYS_MAX_AGE_SECONDS', async () => {
    const { dir, env } = await withNewKey(NOW)
    const cli = cliIn(dir, { ...env, KEYS_MAX_AGE_SECONDS: '3600' }, '', () => NOW)
    expect((await cli('keys', 'activate', 'two', '--json')).json()).toMatchObject({
      signsFrom: '2026-11-23T10:00:05.000Z',
    })
  })

  it('signs at once with --now, and the command says what that risks', async () => {
    const { keysDir, cli } = await withNewKey(NOW)
    expect((await cli('keys', 'activate', 'two', '--now')).stdout).toBe(
      'two signs now; verifiers that cached the key set (up to 300 seconds) refuse its tokens until they fetch it again.\n',
    )
    expect(readFileSync(join(keysDir, 'active'), 'utf8')).toBe('two now\n')
    expect((await cli('keys', 'list')).stdout).toMatch(/^two +active/m)
    await cli('keys', 'activate', 'one')
    expect(readFileSync(join(keysDir, 'active'), 'utf8')).toBe('one\n')
  })

  it('signs at once if it was published for long enough', async () => {
    const { cli } = await withNewKey(NOW - 305_000)
    expect(await cli('keys', 'activate', 'two')).toMatchObject({ status: 0, stdout: 'two signs now.\n' })
    expect((await cli('keys', 'list')).stdout).toMatch(/^two +active/m)
  })

  it('that no service has published has no time yet', async () => {
    const { cli } = await withNewKey()
    expect((await cli('keys', 'activate', 'two')).stdout).toContain(
      'No running service has published the key yet; the time counts from when one does.',
    )
    expect((await cli('keys', 'list')).stdout).toMatch(/^two +next +not in use yet/m)
  })

  it('cannot be retired while it waits', async () => {
    const { keysDir, cli } = await withNewKey(NOW)
    await cli('keys', 'activate', 'two')
    expect(await cli('keys', 'retire', 'two')).toMatchObject({
      status: 1,
      stdout: 'two is activated and will sign; activate another key first.\n',
    })
    expect(existsSync(join(keysDir, 'two.pem'))).toBe(true)
  })

  it('is not activated if another file of the folder is invalid', async () => {
    const { keysDir, cli } = await withNewKey(NOW)
    writeFileSync(join(keysDir, 'three.pem'), 'x', { mode: 0o600 })
    expect(await cli('keys', 'activate', 'two')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('three.pem: is not a private key') as string,
    })
    expect(existsSync(join(keysDir, 'active'))).toBe(false)
  })
})

describe('check', () => {
  it('prints the settings with secrets masked, the policy as a table, and warnings', async () => {
    const { dir, keysDir, env } = production()
    const old = new Date(Date.now() - 200 * 86_400_000)
    utimesSync(join(keysDir, 'one.pem'), old, old)
    const cli = cliIn(dir, { ...env, REDIS_URL: 'redis://:hidden@redis:6379', HOST: '0.0.0.0', JAAS_APPID: 'x' })
    const { status, stdout } = await cli('check', '--offline')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^REDIS_URL +set \(not shown\)$/m)
    expect(stdout).not.toContain('hidden')
    expect(stdout).toMatch(/^doctor +moderator +90, at most 240 min +recording transcription/m)
    expect(stdout).toMatch(/^ward-backend +1 keys +patient +\^bharattelemed-ward-\.\*\$ +tokens:issue$/m)
    const { warnings, errors, policy } = (await cli('check', '--offline', '--json')).json() as {
      warnings: string[]
      errors: string[]
      policy: object
    }
    expect(errors).toStrictEqual([])
    expect(warnings).toStrictEqual([
      expect.stringContaining('JAAS_APPID is not a setting'),
      expect.stringContaining('rooms.pattern accepts names that can be guessed'),
      expect.stringContaining('TRUST_PROXY is not set'),
      expect.stringMatching(/one\.pem is 200 days old/),
    ])
    expect(JSON.stringify(policy)).not.toMatch(/[0-9a-f]{64}/)
    expect(existsSync(join(dir, 'service.db'))).toBe(false)
  })

  it('tells how the meetings of a role differ, and minds a path that tells addresses', async () => {
    const { dir, env, cli } = production()
    const meeting = 'meeting: { toolbar: { add: [toggle-camera], remove: [chat] }, mediaPath: direct, maxHeight: 360 }'
    writeFileSync(join(dir, 'policy.yaml'), POLICY.replace('[send-groupchat] }', `[send-groupchat], ${meeting} }`))
    expect(env['POLICY_FILE']).toBe(join(dir, 'policy.yaml'))
    const { status, stdout } = await cli('check')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^patient .* \+toggle-camera -chat mediaPath=direct maxHeight=360$/m)
    expect(stdout).toMatch(/^doctor +moderator .*create-polls$/m)
    const { warnings } = (await cli('check', '--json')).json() as { warnings: string[] }
    expect(warnings.filter((warning) => warning.includes('mediaPath'))).toStrictEqual([
      'roles.patient.meeting.mediaPath is direct, which reveals the network address of the role to other participants; relay does not.',
    ])
  })

  it('prints every error, creates nothing, and exits 1', async () => {
    const dir = tempDir()
    writeFileSync(join(dir, 'policy.yaml'), 'rooms: {}')
    const { status, stdout } = await cliIn(dir, {
      NODE_ENV: 'production',
      PORT: 'x',
      POLICY_FILE: join(dir, 'policy.yaml'),
    })('check')
    expect(status).toBe(1)
    for (const fault of [
      'PORT: must be',
      'JAAS_APP_ID: production',
      'contains no <key id>.pem',
      '/rooms/pattern: is missing',
    ]) {
      expect(stdout).toContain(fault)
    }
    expect(readdirSync(dir)).toStrictEqual(['policy.yaml'])
  })

  it('in development, with nothing there, makes nothing either', async () => {
    const dir = tempDir()
    const { status, stdout } = await cliIn(dir)('check')
    expect([status, readdirSync(dir)]).toStrictEqual([0, []])
    expect(stdout).not.toContain('jts_')
    expect((await cliIn(dir, { CORS_ORIGINS: '*' })('check')).stdout).toContain('CORS_ORIGINS allows every origin')
  })
})

describe('mint', () => {
  it('issues by the same rules, records it, and prints the token only with --show-token', async () => {
    const { dir, cli } = production()
    const plain = await cli(...MINT, '--minutes', '10')
    expect(plain.status).toBe(0)
    expect(plain.stdout).toMatch(/^Issued for bharattelemed-p1-d2-3 as doctor, until /)
    expect(plain.stdout).not.toContain('eyJ')
    expect((await cli(...MINT, '--json')).stdout).not.toContain('eyJ')
    const { token } = (await cli(...MINT, '--json', '--show-token')).json() as { token: string }
    expect(decodeProtectedHeader(token).kid).toBe(`${APP_ID}/one`)
    const entries = readEntries(join(dir, 'service.db'))
    expect(entries).toMatchObject([
      { action: 'service.start', writer: 'cli' },
      { action: 'key.active' },
      { action: 'token.issue', outcome: 'issued', caller: 'cli:operator', lifetime_seconds: 600 },
      { action: 'service.stop' },
      { action: 'service.start', writer: 'cli' },
      { outcome: 'issued' },
      { action: 'service.stop' },
      { action: 'service.start' },
      { outcome: 'issued', jti: decodeJwt(token).jti },
      { action: 'service.stop' },
    ])
    expect(brokenAt(entries)).toBeUndefined()
  })

  it.each([
    [['--room', 'elsewhere'], '/roomId must match the room pattern of the policy'],
    [['--role', 'nurse'], '/userRole must be one of the roles of the policy'],
    [['--minutes', '241'], '/expirationMinutes must be at most 240'],
    [['--minutes', 'x'], '/expirationMinutes: must be a whole number'],
    [['--room', 'A B'], '/roomId: must be 1 to 128 characters'],
    [['--name', 'a\u202eb'], '/userName: must be 1 to 128 characters'],
  ])('with %j is refused as over HTTP: exit 1', async (change, said) => {
    const { status, stdout } = await production().cli(...MINT, ...change)
    expect(status).toBe(1)
    expect(stdout).toContain(said)
  })
})

describe('inspect', () => {
  it('takes a token from a file or standard input, and exits 0 where it is good', async () => {
    const { dir, env, cli } = production()
    const { token } = (await cli(...MINT, '--json', '--show-token')).json() as { token: string }
    writeFileSync(join(dir, 'token'), `${token}\n`)
    const masked = await cli('inspect', join(dir, 'token'))
    expect(masked.status).toBe(0)
    expect(masked.stdout).toContain('A verifier accepts this token')
    expect(masked.stdout).toContain('userName: D…')
    expect(masked.stdout).not.toMatch(/Meera|eyJ/)
    expect((await cli('inspect', join(dir, 'token'), '--show')).stdout).toContain('userName: Dr. Meera Iyer')
    for (const words of [['inspect'], ['inspect', '-'], ['inspect', '--json']])
      expect((await cliIn(dir, env, token)(...words)).status).toBe(0)
    const entries = readEntries(join(dir, 'service.db')).length
    expect(entries).toBe(4)
  })

  it('compares the token with a room, and says what it removed around the token', async () => {
    const { dir, env, cli } = production()
    const { token } = (await cli(...MINT, '--json', '--show-token')).json() as { token: string }
    const ask = async (text: string, ...words: string[]) => {
      const { status, json } = await cliIn(dir, env, text)('inspect', ...words, '--json')
      return [status, ...(json() as { objections: { code: string }[] }).objections.map(({ code }) => code)]
    }
    const room = MINT[MINT.indexOf('--room') + 1] ?? ''
    expect(await ask(`${token}\n`, '--room', room.toUpperCase())).toStrictEqual([0])
    expect(await ask(`"${token}"\n`, '--room', room)).toStrictEqual([0, 'unwrapped'])
    expect(await ask(`Bearer ${token}`, '--room', `${env['JAAS_APP_ID']}/other`)).toStrictEqual([
      1,
      'unwrapped',
      'room-mismatch',
    ])
    expect(await cliIn(dir, env, token)('inspect', '--room', '')).toMatchObject({ status: 2 })
  })

  it('says what a verifier objects to, and exits 1', async () => {
    const { dir, env, cli } = production()
    const { token } = (await cli(...MINT, '--json', '--show-token')).json() as { token: string }
    const [header, payload, signature = ''] = token.split('.')
    const damaged = `${header}.${payload}.${signature.slice(0, -4)}AAAA`
    const bad = await cliIn(dir, env, damaged)('inspect')
    expect(bad).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('- The signature does not match the key and the content of the token.') as string,
    })
    const foreign = (
      await cliIn(dir, { ...env, JAAS_APP_ID: 'vpaas-magic-cookie-00ff' }, token)('inspect', '--json')
    ).json() as { objections: { code: string }[] }
    expect(foreign.objections.map(({ code }) => code)).toStrictEqual(['kid-foreign', 'sub'])
    const unpublished = (await cliIn(dir, { ...env, KEYS_DIR: '/nowhere' }, token)('inspect', '--json')).json() as {
      objections: { code: string }[]
    }
    expect(unpublished.objections.map(({ code }) => code)).toStrictEqual(['key-unknown'])
    expect(await cliIn(dir, env, 'nonsense')('inspect')).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('The text is not a token.') as string,
    })
  })
})
