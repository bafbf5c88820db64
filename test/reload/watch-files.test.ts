import { closeSync, openSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { watchFiles } from '../../src/reload/watch-files.ts'
import { CLINIC, DOCTOR, POLICY, startService, startServiceProcess, tempDir, testEnv, WARD, scrape } from '../kit.ts'
import { createClient } from '../../src/client/client.ts'
import { addressOf } from '../support/process.ts'
import { cliIn } from '../cli/cli.ts'

const WITHOUT_WARD = POLICY.slice(0, POLICY.indexOf('  - id: ward-backend'))

describe('a policy that changes', () => {
  it('is in force after a reload, and a broken one is not', async () => {
    const path = join(tempDir(), 'policy.yaml')
    writeFileSync(path, POLICY)
    const { clientOf, parts, app, logLines } = await startService({ POLICY_FILE: path })
    const ward = () =>
      clientOf(WARD.apiKey)
        .issueToken({ ...DOCTOR, userRole: 'patient', roomId: 'bharattelemed-ward-1' })
        .then(
          () => 'token',
          (error: { code: string }) => error.code,
        )
    const metrics = async () => (await scrape(app)).body
    expect(await ward()).toBe('token')
    expect(await metrics()).toContain('jts_reloads_total{what="policy",outcome="failed"} 0')

    writeFileSync(path, 'roles: {')
    await parts.reload()
    expect(await ward()).toBe('token')
    expect(await metrics()).toMatch(/jts_reloads_total\{what="policy",outcome="failed"\} [12]\n/)
    expect(await metrics()).toContain('jts_reload_failing{what="policy"} 1')
    expect(logLines.join('')).toContain('the policy cannot be used; the previous version stays in force')
    expect(logLines.join('')).toMatch(/line 1: is not valid YAML/)

    writeFileSync(path, WITHOUT_WARD)
    await parts.reload()
    expect(await ward()).toBe('unauthenticated')
    expect(await metrics()).toContain('jts_reload_failing{what="policy"} 0')
    expect(await metrics()).toMatch(/jts_reloads_total\{what="policy",outcome="ok"\} [12]\n/)
    await clientOf(CLINIC.apiKey).issueToken(DOCTOR)
  })

  it('is read again when its file changes, also where that is a link that is swapped', async () => {
    const dir = tempDir()
    const [link, next] = [join(dir, 'policy'), join(dir, 'next')]
    for (const name of ['one', 'two']) writeFileSync(join(dir, name), name)
    symlinkSync('one', link)
    const loads: string[] = []
    const source = watchFiles({
      paths: [link],
      first: 'first',
      load: async () => (loads.push('load'), 'second'),
      onReload: () => undefined,
      onDetached: () => undefined,
    })
    onTestFinished(() => source.close())
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(source.current()).toBe('first')
    symlinkSync('two', next)
    renameSync(next, link)
    await expect.poll(() => source.current(), { timeout: 60_000 }).toBe('second')
    expect(loads.length).toBeGreaterThanOrEqual(1)
  })

  it('is loaded in order when reloads overtake each other', async () => {
    const delays = [40, 1]
    let loaded = 0
    const load = async () => {
      const mine = (loaded += 1)
      await new Promise((resolve) => setTimeout(resolve, delays.shift()))
      return mine
    }
    const source = watchFiles({ paths: [], first: 0, load, onReload: () => undefined, onDetached: () => undefined })
    onTestFinished(() => source.close())
    await Promise.all([source.reload(), source.reload()])
    expect(source.current()).toBe(2)
  })
})

describe('a reload without a change', () => {
  it('is neither logged nor recorded, also if the file was written again', async () => {
    const path = join(tempDir(), 'policy.yaml')
    writeFileSync(path, POLICY)
    const { parts, logLines, allEntries } = await startService({ POLICY_FILE: path })
    const policy = parts.policy()
    await parts.reload()
    writeFileSync(path, `# the same policy\n${POLICY}`)
    await parts.reload()
    expect(parts.policy()).toBe(policy)
    expect(logLines.join('')).not.toContain('reloaded')
    expect(allEntries().filter(({ action }) => action === 'policy.reload')).toStrictEqual([])
    writeFileSync(path, WITHOUT_WARD)
    await parts.reload()
    expect(logLines.filter((line) => line.includes('policy reloaded'))).toHaveLength(1)
    const recorded = () => allEntries().filter(({ action }) => action === 'policy.reload')
    await expect.poll(recorded, { timeout: 60_000 }).toMatchObject([{ outcome: 'done' }])
  })
})

describe.skipIf(process.platform !== 'linux')('a file that was replaced below its mount', () => {
  /** A path that still shows a deleted file, as the mount of a single file does. */
  function detachable(text: string) {
    const path = join(tempDir(), 'policy.yaml')
    writeFileSync(path, text)
    const file = openSync(path, 'r')
    onTestFinished(() => closeSync(file))
    return { path: `/proc/self/fd/${file}`, replace: () => rmSync(path) }
  }

  it('is logged and counted, once', async () => {
    const { path, replace } = detachable(POLICY)
    const { app, logLines } = await startService({ POLICY_FILE: path })
    const detached = async () => /jts_files_detached\{what="policy"\} (\d)/.exec((await scrape(app)).body)?.[1]
    expect(await detached()).toBe('0')
    replace()
    await expect.poll(detached, { timeout: 60_000 }).toBe('1')
    const lines = logLines.filter((line) => line.includes('mount their folder'))
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { level: 40, what: 'policy', paths: [path] },
    ])
  })

  it('is found at the start, and by check', async () => {
    const { path, replace } = detachable(POLICY)
    replace()
    const { app, logLines } = await startService({ POLICY_FILE: path })
    expect((await scrape(app)).body).toContain('jts_files_detached{what="policy"} 1')
    expect(logLines.join('')).toContain('mount their folder')
    const { stdout } = await cliIn(tempDir(), { ...testEnv(tempDir()), POLICY_FILE: path })('check')
    expect(stdout).toContain(`${path} was replaced on the host`)
  })
})

it('SIGHUP reads the policy again, and requests in flight are not lost', async () => {
  const dir = tempDir()
  const running = startServiceProcess(dir, { ...testEnv(dir), PORT: '0' })
  const baseUrl = await addressOf(running)
  const client = createClient({ baseUrl, credential: CLINIC.apiKey })
  const asking = Array.from({ length: 20 }, () => client.issueToken(DOCTOR))
  writeFileSync(join(dir, 'policy.yaml'), WITHOUT_WARD)
  running.child.kill('SIGHUP')
  await Promise.all(asking)
  await running.said('policy reloaded')
  await expect(createClient({ baseUrl, credential: WARD.apiKey }).issueToken(DOCTOR)).rejects.toMatchObject({
    code: 'unauthenticated',
  })
  writeFileSync(join(dir, 'policy.yaml'), 'broken: [')
  running.child.kill('SIGHUP')
  await running.said('the policy cannot be used')
  await client.issueToken(DOCTOR)
})
