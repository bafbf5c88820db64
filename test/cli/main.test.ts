import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const cli = (...words: string[]) =>
  spawnSync(process.execPath, [fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url)), ...words], {
    encoding: 'utf8',
  })

it('api-key prints a key for the caller and the hash for the policy', () => {
  const { status, stdout, stderr } = cli('api-key', 'clinic-backend')
  const [key = ''] = /jts_clinic-backend_[A-Za-z0-9_-]{43}/.exec(stdout) ?? []
  expect(stdout).toContain(createHash('sha256').update(key).digest('hex'))
  expect([status, stderr]).toStrictEqual([0, ''])
})

it.each([
  [['api-key', 'Clinic'], 'a caller id has'],
  [['api-key'], 'Usage'],
  [['api-key', 'a', 'b'], 'Usage'],
  [['nonsense'], 'Usage'],
  [['--nonsense'], 'Unknown option'],
])('%j is not understood: exit 2, and no key', (words, said) => {
  const { status, stdout, stderr } = cli(...words)
  expect([status, stdout]).toStrictEqual([2, ''])
  expect(stderr).toContain(said)
})

it('--help says what there is', () => {
  const { status, stdout } = cli('--help')
  expect(status).toBe(0)
  expect(stdout).toContain('api-key <caller id>')
})
