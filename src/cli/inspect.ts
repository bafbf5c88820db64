import { readFileSync } from 'node:fs'
import { deploymentOf, readConfig } from '../config/config.ts'
import { explainFileError } from '../rules/file-error.ts'
import { inspectToken } from '../service/tokens/inspect-token.ts'
import { type Command, UsageError } from './command.ts'
import { openVerifyingKeys } from './verifying-keys.ts'

export const inspectCommand: Command = {
  usage: 'inspect [<file>|-] [--show]',
  about: [
    'Explains why Jitsi refuses a token, which it reads from a file or standard input so that the token does not end up in',
    'the shell history. The token is sent nowhere. Personal data is masked unless --show is given. Exit code 1 if a',
    'verifier refuses the token.',
  ].join('\n'),
  options: { show: { type: 'boolean' } },
  async run({ args, options }, { env, stdin, clock }) {
    if (args.length > 1) throw new UsageError('inspect takes one file')
    const [source = '-'] = args
    const token = source === '-' ? stdin() : tokenFrom(source)
    const { config } = readConfig(env)
    const deps = { deployment: deploymentOf(config), clock, keys: openVerifyingKeys(config) }
    const inspection = await inspectToken(deps, token, options['show'] === true)
    const { verdict, objections, says } = inspection
    const lines = [
      verdict === 'refused' ? 'A verifier refuses this token:' : 'A verifier accepts this token.',
      ...objections.map(({ severity, message }) => `- ${severity === 'warning' ? 'Warning: ' : ''}${message}`),
      ...Object.entries(says).map(([name, value]) => `  ${name}: ${String(value)}`),
    ]
    return { code: verdict === 'refused' ? 1 : 0, data: inspection, text: lines.join('\n') }
  },
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
