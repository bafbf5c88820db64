import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { runCommand } from './run.ts'

// The reader of the output, such as head, may stop reading.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1))

const argv = process.argv.slice(2)
const { code, data, text } = await runCommand(argv, {
  env: process.env,
  stdin: () => readFileSync(0, 'utf8'),
  out: async (piece) => {
    if (!process.stdout.write(piece)) await once(process.stdout, 'drain')
  },
  clock: Date.now,
})
const json = argv.includes('--json')
const stream = json || code !== 2 ? process.stdout : process.stderr
// A command that streamed its output has no text left.
if (text !== '') stream.write(`${json ? JSON.stringify(data, null, 2) : text}\n`)
process.exitCode = code
