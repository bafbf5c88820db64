import { spawnSync } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compactVerify, decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CLINIC, DOCTOR, readEntries, startServiceProcess, tempDir, testEnv } from './kit.ts'
import { closeEngines, newPostgres } from './store/engines/engines.ts'
import { takePort } from './support/ports.ts'
import { addressOf, type Running, startProcess } from './support/process.ts'

const { TEST_DATABASE_URL, TEST_REDIS_URL: REDIS_URL } = process.env

describe('with nothing configured', () => {
  let dir: string
  let running: Running
  let said: string

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'jts-test-'))
    running = startProcess(dir, { PORT: '0' })
    said = await running.said(/-d '.*'\n/)
  })

  afterAll(async () => {
    running.child.kill('SIGKILL')
    await running.ended
    rmSync(dir, { recursive: true })
  })

  const developmentKey = () => readFileSync(join(dir, 'keys/development.pem'), 'utf8')

  it('makes a key and a caller, says what it is, and prints a curl line that returns a token', async () => {
    expect(said).toContain('DEVELOPMENT: NODE_ENV is not production')
    expect(said).toContain('http://127.0.0.1:')
    expect(statSync(join(dir, 'keys/development.pem')).mode & 0o777).toBe(0o600)
    const line = /^ *(curl .*)$/m.exec(said)?.[1] ?? ''
    const { stdout } = spawnSync('sh', ['-c', line], { encoding: 'utf8' })
    const answer = JSON.parse(stdout) as { token: string; expiresAt: string; moderator: boolean }
    expect(Object.keys(answer)).toStrictEqual(['token', 'expiresAt', 'roomId', 'userRole', 'moderator', 'meeting'])
    await compactVerify(answer.token, createPublicKey(developmentKey()))
    expect(decodeJwt(answer.token)).toMatchObject({ aud: 'jitsi', iss: 'chat', context: { user: { moderator: true } } })
    const key = /jts_development_[A-Za-z0-9_-]{43}/.exec(said)?.[0] ?? ''
    const logged = running
      .output()
      .split('\n')
      .filter((each) => each.startsWith('{'))
    expect(logged.join('\n')).not.toContain(key)
  })

  it.each(['once', 'again'])('runs the consultation of docs/consultations.md, command by command, %s', async () => {
    await running.said(/export TOKENS=.*\n/)
    const page = readFileSync(new URL('../docs/consultations.md', import.meta.url), 'utf8')
    const script = /```sh\n(export TOKENS=[^]*?)```/.exec(page)?.[1] ?? ''
    const [, own = ''] = /^ *(export TOKENS=.*)$/m.exec(running.output()) ?? []
    const lines = script
      .replace(/^export TOKENS=.*$/m, own)
      .replaceAll(/^(redeem|post|curl|field)\b(?!\(\))(.*)$/gm, '$1$2; echo')
    const { stdout, stderr } = spawnSync('bash', ['-e', '-c', lines], { encoding: 'utf8', cwd: dir })
    expect(stderr).toBe('')
    const answers = stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { state?: string; code?: string; waiting?: object[]; entries?: object[] })
    expect(answers).toMatchObject([
      { state: 'waiting' },
      { waiting: [{ userId: 'patient-1042' }] },
      { state: 'open' },
      { state: 'ended' },
      { code: 'consultation-ended' },
      {
        entries: expect.arrayContaining([
          expect.objectContaining({ action: 'token.renew', outcome: 'issued' }),
        ]) as object[],
      },
    ])
  })

  it('uses the same key when it starts again, with another API key', async () => {
    const first = { key: developmentKey(), said }
    running.child.kill('SIGTERM')
    expect(await running.ended).toBe(0)
    running = startProcess(dir, { PORT: '0', PUBLIC_URL: 'http://localhost:5173' })
    said = await running.said(/doctor: .*\n/)
    expect(developmentKey()).toBe(first.key)
    expect([first.said, said].map((each) => each.includes('Generated a signing key'))).toStrictEqual([true, false])
    const apiKeyIn = (text: string) => /jts_development_[A-Za-z0-9_-]{43}/.exec(text)?.[0]
    expect(apiKeyIn(said)).not.toBe(apiKeyIn(first.said))
  })

  it('with PUBLIC_URL prints the links of a patient and a doctor, whose codes work', async () => {
    const address = /export TOKENS=(\S+)/.exec(said)?.[1] ?? ''
    for (const [role, status] of [
      ['patient', 202],
      ['doctor', 200],
    ] as const) {
      const [, code] = new RegExp(`${role}: +http://localhost:5173/join#([0-9a-f]{64})\\n`).exec(said) ?? []
      const headers = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' }
      const body = JSON.stringify({ code })
      const answer = await fetch(`${address}/api/jitsi/invitations/redeem`, { method: 'POST', headers, body })
      expect([role, answer.status]).toStrictEqual([role, status])
    }
  })
})

describe('in production', () => {
  afterAll(closeEngines)

  it('names all that is missing in one message, makes nothing, and exits 1', async () => {
    const dir = tempDir()
    const running = startServiceProcess(dir, { NODE_ENV: 'production', PORT: 'x', CORS_ORIGINS: '*' })
    expect(await running.ended).toBe(1)
    expect(running.output().split('\n')).toStrictEqual([
      'The service cannot start; 5 to fix:',
      '- PORT: must be a whole number from 0 to 65535.',
      '- JAAS_APP_ID: production requires the real AppID; copy it from the JaaS console.',
      '- POLICY_FILE: production requires a policy that names its callers; set it to the path of a policy in YAML.',
      '- CORS_ORIGINS: production refuses *; list the origins whose pages may call.',
      '- KEYS_DIR keys: contains no <key id>.pem; mount the private key there, read-only.',
      '',
    ])
    expect([existsSync(join(dir, 'keys')), existsSync(join(dir, 'data'))]).toStrictEqual([false, false])
  })

  const databases: [name: string, open: () => Promise<Record<string, string>>][] = [['SQLite', async () => ({})]]
  if (TEST_DATABASE_URL !== undefined && REDIS_URL !== undefined)
    databases.push(['PostgreSQL and Redis', async () => ({ DATABASE_URL: await newPostgres(), REDIS_URL })])

  it.each(databases)(
    'with %s: says that the port is in use, closes what it opened, and exits 1',
    async (_name, open) => {
      const dir = tempDir()
      const port = await takePort()
      const running = startServiceProcess(dir, {
        ...testEnv(dir),
        ...(await open()),
        HOST: '127.0.0.1',
        PORT: String(port),
      })
      expect(await running.ended).toBe(1)
      expect(running.output()).toContain(
        `The service cannot start; 1 to fix:\n- PORT: port ${port} is in use by another process; stop that process, or set another port.\n`,
      )
      expect(running.output()).not.toMatch(/EADDRINUSE| {4}at /)
    },
  )

  it('names the port of the metrics if it is in use', async () => {
    const dir = tempDir()
    const port = String(await takePort())
    const running = startServiceProcess(dir, { ...testEnv(dir), PORT: '0', METRICS_PORT: port })
    expect(await running.ended).toBe(1)
    expect(running.output()).toContain(`- METRICS_PORT: port ${port} is in use by another process;`)
  })
})

describe('told to end', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s: a request that is half here is finished, then exit 0; a misspelt variable is a warning, without its value',
    async (signal) => {
      const dir = tempDir()
      const running = startServiceProcess(dir, { ...testEnv(dir), PORT: '0', JAAS_APPID: 'secret' })
      const { port } = new URL(await addressOf(running))
      expect(running.output()).toContain('JAAS_APPID is not a setting; the nearest name is JAAS_APP_ID.')
      expect(running.output()).not.toMatch(/secret|DEVELOPMENT|jts_/)
      const body = JSON.stringify(DOCTOR)
      const answer = new Promise<string>((resolve, reject) => {
        let text = ''
        const socket = connect(Number(port), '127.0.0.1', () => {
          socket.write(
            `POST /api/jitsi/token HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${CLINIC.apiKey}\r\n` +
              `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 20)}`,
          )
          setTimeout(() => running.child.kill(signal), 100)
          setTimeout(() => socket.write(body.slice(20)), 300)
        })
        socket.on('data', (data) => (text += String(data)))
        socket.on('close', () => resolve(text))
        socket.on('error', reject)
      })
      expect(await answer).toMatch(/^HTTP\/1\.1 200 [^]*"token":"eyJ/)
      expect(await running.ended).toBe(0)
      expect(readEntries(join(dir, 'service.db'))).toMatchObject([
        { action: 'service.start' },
        { action: 'key.active' },
        { outcome: 'issued' },
        { action: 'service.stop' },
      ])
    },
  )

  it('waits no longer than SHUTDOWN_SECONDS for a request that never ends', async () => {
    const dir = tempDir()
    const running = startServiceProcess(dir, { ...testEnv(dir), PORT: '0', SHUTDOWN_SECONDS: '1' })
    const { port } = new URL(await addressOf(running))
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write('POST /api/jitsi/token HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nContent-Length: 9\r\n')
    })
    socket.on('error', () => undefined)
    await new Promise((resolve) => setTimeout(resolve, 100))
    running.child.kill('SIGTERM')
    expect(await running.ended).toBe(1)
  })
})
