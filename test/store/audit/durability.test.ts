import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { expect, it } from 'vitest'
import { createClient } from '../../../src/client/client.ts'
import { brokenAt, CLINIC, DOCTOR, readEntries, startServiceProcess, tempDir, testEnv, UNLIMITED } from '../../kit.ts'
import { addressOf } from '../../support/process.ts'

it('kill -9 while issuing: every token that was answered has its entry, and the chain holds over every start', async () => {
  const dir = tempDir()
  const answered: string[] = []
  for (let round = 0; round < 2; round += 1) {
    const running = startServiceProcess(dir, { ...testEnv(dir), ...UNLIMITED, PORT: '0' })
    const client = createClient({ baseUrl: await addressOf(running), credential: CLINIC.apiKey })
    const state = { alive: true }
    const asking = Array.from({ length: 16 }, async () => {
      while (state.alive) {
        await client.issueToken(DOCTOR).then(
          ({ token }) => answered.push(String(decodeJwt(token).jti)),
          () => (state.alive = false),
        )
      }
    })
    const before = answered.length
    while (answered.length < before + 60 && state.alive) await new Promise((resolve) => setTimeout(resolve, 5))
    running.child.kill('SIGKILL')
    await Promise.all(asking)
    expect(await running.ended).toBe('SIGKILL')
  }
  const entries = readEntries(join(dir, 'service.db'))
  const kept = new Set(entries.map(({ jti }) => jti))
  expect(answered.length).toBeGreaterThanOrEqual(120)
  expect(answered.filter((jti) => !kept.has(jti))).toStrictEqual([])
  expect(brokenAt(entries)).toBeUndefined()
})
