import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { compose } from '../../src/app/compose.ts'
import { readConfig } from '../../src/config/config.ts'
import { tempDir, testEnv, testKeyPem } from '../kit.ts'

/** @returns the message with which the dependencies cannot be opened */
async function errorOf(env: Record<string, string>): Promise<string> {
  const { config, errors } = readConfig(env)
  const opened = await compose(config, pino({ level: 'silent' }), errors).catch((error: Error) => error)
  if (opened instanceof Error) return opened.message
  await opened.close()
  throw new Error('the dependencies were opened')
}

describe('opening the dependencies', () => {
  it('reports the errors of the policy together with those of the keys', async () => {
    const dir = tempDir()
    const env = { ...testEnv(dir), KEYS_DIR: dir }
    writeFileSync(join(dir, 'policy.yaml'), 'rooms: {}')
    writeFileSync(join(dir, 'k.pem'), 'not a key', { mode: 0o600 })
    expect(await errorOf(env)).toMatch(
      /- .*k\.pem: is not a private key in PEM.*\n(?:.*\n)*- POLICY_FILE .*policy\.yaml: \/rooms\/pattern: is missing\./,
    )
  })

  it('refuses the development key in production', async () => {
    const keysDir = tempDir()
    writeFileSync(join(keysDir, 'development.pem'), testKeyPem(), { mode: 0o600 })
    const error = await errorOf({ ...testEnv(tempDir()), KEYS_DIR: keysDir })
    expect(error).toContain('production refuses the development key')
  })

  it('refuses a database that it cannot open', async () => {
    const dir = tempDir()
    writeFileSync(join(dir, 'file'), '')
    expect(await errorOf({ ...testEnv(dir), DATABASE_URL: `sqlite:${dir}/file/service.db` })).toMatch(
      /- DATABASE_URL: the folder \S+\/file is a file, but must be a folder; correct the path\.$/,
    )
    expect(await errorOf({ ...testEnv(dir), DATABASE_URL: `sqlite:${dir}` })).toMatch(
      /- DATABASE_URL: \S+ is a folder, but must be a file\./,
    )
    const notSqlite = { ...testEnv(dir), DATABASE_URL: `sqlite:${dir}/policy.yaml` }
    expect(await errorOf(notSqlite)).toMatch(
      /- DATABASE_URL: the database cannot be opened \(.*not a database\); name a database that/,
    )
  })
})
