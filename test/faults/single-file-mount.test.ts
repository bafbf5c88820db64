import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished, type TestContext } from 'vitest'
import { createClient } from '../../src/client/client.ts'
import { CLINIC, DOCTOR, POLICY, tempDir } from '../kit.ts'
import { METRICS_TOKEN } from '../support/process.ts'
import { startInstance } from './fleet.ts'
import { PATIENT_POLL } from './machine.ts'

const OTHER_KEY = POLICY.replace(CLINIC.sha256, 'f'.repeat(64))

/** Mounts a file or a folder over another one. @returns false if that cannot be done here */
function bind(from: string, to: string): boolean {
  try {
    execFileSync('mount', ['--bind', from, to], { stdio: 'pipe' })
  } catch {
    return false
  }
  onTestFinished(() => void execFileSync('umount', ['--lazy', to]))
  return true
}

/** Replaces a file as `sed -i` and editors do: by a new file with the same name. */
function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

/** A host folder with a policy, and a service that reads it through a mount of the file or of its folder. */
async function start(context: TestContext, mounts: 'the file' | 'its folder') {
  const [host, container] = [join(tempDir(), 'host'), join(tempDir(), 'container')]
  for (const folder of [host, container]) mkdirSync(folder)
  writeFileSync(join(host, 'policy.yaml'), POLICY)
  writeFileSync(join(container, 'policy.yaml'), '')
  const [from, to] = mounts === 'the file' ? ['policy.yaml', 'policy.yaml'] : ['', '']
  if (!bind(join(host, from), join(container, to))) return context.skip('nothing can be mounted here')
  const policyFile = join(container, 'policy.yaml')
  const { running, url } = await startInstance('one', { POLICY_FILE: policyFile })
  const client = createClient({ baseUrl: url, credential: CLINIC.apiKey })
  const outcome = () =>
    client.issueToken(DOCTOR).then(
      () => 'token',
      ({ code }: { code: string }) => code,
    )
  const headers = { authorization: `Bearer ${METRICS_TOKEN}` }
  const metrics = async () => (await fetch(`${url}/metrics`, { headers })).text()
  return {
    running,
    outcome,
    metrics,
    policyFile,
    replacePolicy: (text: string) => replace(join(host, 'policy.yaml'), text),
  }
}

it('a policy in a mounted folder takes an API key away within seconds', async (context) => {
  const service = await start(context, 'its folder')
  expect(await service.outcome()).toBe('token')
  service.replacePolicy(OTHER_KEY)
  await expect.poll(service.outcome, PATIENT_POLL).toBe('unauthenticated')
  expect(service.running.output()).toContain('policy reloaded')
  expect(await service.metrics()).toContain('jts_files_detached{what="policy"} 0')
})

it('a policy that is mounted as a single file keeps the key, and the service says so', async (context) => {
  const service = await start(context, 'the file')
  expect(await service.outcome()).toBe('token')
  service.replacePolicy(OTHER_KEY)
  expect(statSync(service.policyFile).nlink).toBe(0)
  await expect.poll(service.metrics, PATIENT_POLL).toContain('jts_files_detached{what="policy"} 1')
  expect(service.running.output()).toContain('mount their folder instead')
  service.running.child.kill('SIGHUP')
  await expect.poll(service.metrics, PATIENT_POLL).toMatch(/jts_reloads_total\{what="policy",outcome="ok"\} [2-9]/)
  expect(service.running.output()).not.toContain('policy reloaded')
  expect(await service.outcome()).toBe('token')
})
