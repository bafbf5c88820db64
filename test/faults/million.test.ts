import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import type { ChainedEntry } from '../../src/contract/audit/audit-entry.ts'
import { linkEntry } from '../../src/rules/audit/chain.ts'
import { COLUMNS, toValues } from '../../src/store/audit/row.ts'
import { openSqlite } from '../../src/store/engines/sqlite.ts'
import { CLI_MAIN } from '../cli/cli.ts'
import { tempDir, testEnv } from '../kit.ts'

const MILLION = 1_000_000
const MIB = 1024 * 1024

/** Writes a chain of a million entries, as the service would have over months. */
async function writeAMillion(path: string): Promise<void> {
  await (await openSqlite(path)).destroy()
  const file = new DatabaseSync(path)
  file.exec('PRAGMA synchronous = OFF; BEGIN')
  const columns = Object.values(COLUMNS)
  const insert = file.prepare(
    `INSERT INTO audit_entry (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  )
  let end: Parameters<typeof linkEntry>[0] = { chain: 'long', sequence: 0, writer: 'w' }
  for (let index = 0; index < MILLION; index += 1) {
    const entry: ChainedEntry = linkEntry(end, {
      time: 1_700_000_000_000 + index * 50,
      requestId: `request-${index}`,
      caller: 'clinic-backend',
      action: 'token.issue',
      outcome: 'issued',
      room: `bharattelemed-p${index % 50_000}-d7-1`,
      userId: `doctor-${index % 300}`,
    })
    insert.run(...(toValues(entry) as (string | number | null)[]))
    end = entry
  }
  file.exec('COMMIT')
  file.close()
}

/** Runs a command in a process of its own. @returns its exit code, its lines of output, its last line, and the most memory it held */
async function run(dir: string, ...words: string[]) {
  const child = spawn(process.execPath, ['--max-old-space-size=64', CLI_MAIN, ...words], {
    cwd: dir,
    env: { PATH: process.env['PATH'], ...testEnv(dir) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const seen = { lines: 0, last: '', mostMib: 0 }
  child.stdout.on('data', (data: Buffer) => {
    const text = data.toString()
    seen.lines += text.split('\n').length - 1
    seen.last = text
    seen.mostMib = Math.max(seen.mostMib, residentMib(child.pid ?? 0))
  })
  const timer = setInterval(() => (seen.mostMib = Math.max(seen.mostMib, residentMib(child.pid ?? 0))), 100)
  const code = await new Promise((resolve) => child.on('close', resolve))
  clearInterval(timer)
  return { code, ...seen }
}

function residentMib(pid: number): number {
  try {
    const [, pages = '0'] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')
    return (Number(pages) * 4096) / MIB
  } catch {
    return 0
  }
}

describe('a record of a million entries', () => {
  it('is verified and exported in bounded memory', async () => {
    const dir = tempDir()
    await writeAMillion(join(dir, 'service.db'))
    const verified = await run(dir, 'audit', 'verify')
    expect([verified.code, verified.last]).toStrictEqual([0, expect.stringContaining('1000000 entries in 1 chains')])
    const exported = await run(dir, 'audit', 'export', '--action', 'token.issue')
    expect([exported.code, exported.lines]).toStrictEqual([0, MILLION])
    process.stdout.write(`most memory: verify ${verified.mostMib} MiB, export ${exported.mostMib} MiB\n`)
    // The entries alone are 300 MB as text.
    expect(Math.max(verified.mostMib, exported.mostMib)).toBeLessThan(250)
  })
})
