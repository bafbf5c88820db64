import { readFileSync } from 'node:fs'
import { deploymentOf, readConfig } from '../config/config.ts'
import { explainFileError } from '../rules/file-error.ts'
import { inspectToken } from '../service/tokens/inspect-token.ts'
import { type Command, UsageError } from './command.ts'
import { openVerifyingKeys } from './verifying-keys.ts'

export const inspectCommand: Command = {
  usage: 'inspect [<file>|-] [--room …] [--show]',
  about: [
    'Explains why Jitsi refuses a token, which it reads from a file or standard input so that the token does not end up in',
    'the shell history. The token is sent nowhere. Personal data is masked unless --show is given. --room compares',
    'the token with the room that a person wants to enter. Exit code 1 if a verifier refuses the token.',
  ].join('\n'),
  options: { room: { type: 'string' }, show: { type: 'boolean' } },
  async run({ args, options }, { env, stdin, clock }) {
    if (args.length > 1) throw new UsageError('inspect takes one file')
    const [source = '-'] = args
    // A file ends with a line break, which does not belong to the token.
    const token = (source === '-' ? stdin() : tokenFrom(source)).replace(/\r?\n$/, '')
    const { config } = readConfig(env)
    const deps = { deployment: deploymentOf(config), clock, keys: openVerifyingKeys(config) }
    const inspection = await inspectToken(deps, token, {
      room: roomOf(options['room']),
      show: options['show'] === true,
    })
    const { verdict, objections, says } = inspection
    const lines = [
      verdict === 'refused' ? 'A verifier refuses this token:' : 'A verifier accepts this token.',
      ...objections.map(({ severity, message }) => `- ${severity === 'warning' ? 'Warning: ' : ''}${message}`),
      ...Object.entries(says).map(([name, value]) => `  ${name}: ${String(value)}`),
    ]
    return { code: verdict === 'refused' ? 1 : 0, data: inspection, text: lines.join('\n') }
  },
}

/** @returns the room; undefined if the option is not given @throws UsageError for an empty one */
function roomOf(option: unknown): string | undefined {
  if (option === '') throw new UsageError('--room must not be empty')
  return typeof option === 'string' ? option : undefined
}

function tokenFrom(path: string): string {
  if (path.startsWith('eyJ'))
    throw new UsageError('a token on the command line stays in the shell history; pass a file or -')
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`the file ${explainFileError(error, 'file')}`)
  }
}
