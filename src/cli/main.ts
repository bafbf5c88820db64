import { readFileSync } from 'node:fs'
import { runCommand } from './run.ts'

const argv = process.argv.slice(2)
const context = { env: process.env, stdin: () => readFileSync(0, 'utf8'), nowMs: Date.now() }
const { code, data, text } = await runCommand(argv, context)
const json = argv.includes('--json')
const stream = json || code !== 2 ? process.stdout : process.stderr
stream.write(`${json ? JSON.stringify(data, null, 2) : text}\n`)
process.exitCode = code
