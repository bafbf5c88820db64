import { parseArgs } from 'node:util'
import { apiKey } from './api-key.ts'

const USAGE = `Usage: npm run cli -- <command>

  api-key <caller id>   prints a new API key and the hash to put into the policy
`

/** Exit codes: 0 done, 2 the command was not understood. */
function run(): number {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' } },
  })
  const [command, ...words] = positionals
  if (values.help === true || command === undefined) {
    process.stdout.write(USAGE)
    return values.help === true ? 0 : 2
  }
  if (command === 'api-key' && words[0] !== undefined && words.length === 1) {
    process.stdout.write(apiKey(words[0]))
    return 0
  }
  process.stderr.write(USAGE)
  return 2
}

try {
  process.exitCode = run()
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 2
}
