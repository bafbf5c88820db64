import { parseArgs } from 'node:util'
import { ConfigurationError } from '../config/config.ts'
import { KeyError } from '../keys/private-key.ts'
import { PolicyError } from '../reload/policy-file.ts'
import { ServiceFault } from '../service/fault.ts'
import { type Command, type Context, type Outcome, UsageError } from './command.ts'

/** Each command is imported when it runs, because most need only a part of the service. */
const COMMANDS: Record<string, () => Promise<Command>> = {
  'audit export': async () => (await import('./audit.ts')).exportCommand,
  'audit retain': async () => (await import('./audit-retain.ts')).retainCommand,
  'audit tail': async () => (await import('./audit-tail.ts')).tailCommand,
  'audit verify': async () => (await import('./audit.ts')).verifyCommand,
  'api-key': async () => (await import('./api-key.ts')).apiKeyCommand,
  check: async () => (await import('./check.ts')).checkCommand,
  'db migrate': async () => (await import('./db.ts')).migrateCommand,
  inspect: async () => (await import('./inspect.ts')).inspectCommand,
  'keys activate': async () => (await import('./keys.ts')).activateCommand,
  'keys generate': async () => (await import('./keys.ts')).generateCommand,
  'keys list': async () => (await import('./keys.ts')).listCommand,
  'keys remove': async () => (await import('./keys-end.ts')).removeCommand,
  'keys retire': async () => (await import('./keys-end.ts')).retireCommand,
  mint: async () => (await import('./mint.ts')).mintCommand,
}

async function usage(): Promise<string> {
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()))
  return [
    'Usage: npm run cli -- <command>, or in the image: jitsi-token-service <command>',
    '',
    ...commands.flatMap(({ usage: line, about }) => [`  ${line}`, ...about.split('\n').map((text) => `      ${text}`)]),
    '',
    'Every command accepts --json. Exit codes: 0 success, 1 failure, 2 usage or configuration error,',
    '3 nothing to verify. Commands that read neither create nor migrate the database.',
  ].join('\n')
}

async function run(argv: readonly string[], context: Context): Promise<Outcome> {
  const name = Object.keys(COMMANDS).find((each) => argv.join(' ').startsWith(`${each} `) || argv.join(' ') === each)
  if (argv.includes('--help') || argv.includes('-h')) {
    const text = await usage()
    return { code: 0, data: { usage: text }, text }
  }
  const command = await COMMANDS[name ?? '']?.()
  if (name === undefined || command === undefined) throw new UsageError('unknown command')
  const { positionals, values } = parseArgs({
    args: argv.slice(name.split(' ').length),
    allowPositionals: true,
    options: { ...command.options, json: { type: 'boolean' } },
  })
  return command.run({ args: positionals, options: values }, context)
}

/** @returns the outcome of an error that a person can fix. @throws every other error, which is a defect of the service */
async function outcomeOf(error: unknown): Promise<Outcome> {
  const message = error instanceof Error ? error.message : String(error)
  const fixable = [ConfigurationError, KeyError, PolicyError, ServiceFault, RangeError]
  const isUsageError =
    error instanceof UsageError || String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS')
  if (isUsageError) return { code: 2, data: { error: message }, text: `${message}\n\n${await usage()}` }
  if (fixable.some((each) => error instanceof each)) return { code: 2, data: { error: message }, text: message }
  throw error
}

/**
 * Runs a command.
 * @param argv the arguments after the name of the program
 * @returns the outcome
 * @throws only errors that are defects of the service
 */
export const runCommand = (argv: readonly string[], context: Context): Promise<Outcome> =>
  run(argv, context).catch(outcomeOf)
