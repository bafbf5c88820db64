import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { generatePrivatePem } from '../../src/keys/generate.ts'
import type { Bench } from './bench.ts'
import { calmFor } from './calm.ts'
import { cost } from './cost.ts'
import { credentials } from './credentials.ts'
import { keys } from './keys.ts'
import { livez } from './livez.ts'
import { newDir } from './own.ts'
import { overload } from './overload.ts'
import { record } from './record.ts'
import { figure, tableText } from './report.ts'
import { keepResult } from './results.ts'
import { samples } from './samples.ts'
import { size } from './size.ts'
import { start } from './start.ts'

const BENCHES: Readonly<Record<string, Bench>> = {
  cost,
  samples,
  livez,
  overload,
  keys,
  start,
  size,
  record,
  credentials,
}

/** How long each benchmark waits, in all, for other work on the machine to end, and repeats what it disturbed. */
const PATIENCE_MS = 20_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
})
const unknown = positionals.filter((name) => !(name in BENCHES))
if (unknown.length > 0 || process.platform !== 'linux') {
  process.stderr.write(
    `usage, on Linux: npm run bench -- [--quick] [<name> …]; the names are ${Object.keys(BENCHES).join(', ')}\n`,
  )
  process.exit(2)
}

const keysDir = newDir()
const keyFile = join(keysDir, 'bench.pem')
writeFileSync(keyFile, await generatePrivatePem(), { mode: 0o600 })
const setup = {
  keysDir,
  keyFile,
  quick: values.quick,
  rounds: values.quick ? 3 : 5,
  seconds: values.quick ? 1 : 2,
}
for (const [name, bench] of Object.entries(BENCHES)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  const calm = calmFor(values.quick ? 0 : PATIENCE_MS)
  const outcome = await bench({ ...setup, calm })
  const goals = outcome.goals.map(
    ({ what, goal, measured, unit, met }) =>
      `${met ? 'met' : 'NOT MET'}: ${what}: ${figure(measured)} ${unit} (${goal})`,
  )
  process.stdout.write(`\n# ${name}\n\n${[...outcome.tables.map(tableText), ...goals].join('\n')}\n`)
  keepResult(name, outcome, calm)
}
