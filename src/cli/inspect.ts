import { readFileSync } from 'node:fs'
import { deploymentOf, readConfig } from '../config/config.ts'
import { inspectToken } from '../service/tokens/inspect-token.ts'
import { type Command, UsageError } from './command.ts'
import { openVerifyingKeys } from './verifying-keys.ts'

export const inspectCommand: Command = {
  usage: 'inspect [<file>|-] [--show]',
  about: [
    'Says why Jitsi refuses a token, from a file or standard input, so that it does not land in the history of the shell.',
    'It is sent nowhere. Whom it is for is masked unless --show is given. Exit code 1 where a verifier refuses it.',
  ].join('\n'),
  options: { show: { type: 'boolean' } },
  async run({ words, options }, { env, stdin, clock }) {
    if (words.length > 1) throw new UsageError('inspect takes one file')
    const [source = '-'] = words
    const token = source === '-' ? stdin() : tokenFrom(source)
    const { config } = readConfig(env)
    const deps = { deployment: deploymentOf(config), clock, keys: openVerifyingKeys(config) }
    const inspection = await inspectToken(deps, token, options['show'] === true)
    const { verdict, objections, says } = inspection
    const lines = [
      verdict === 'refused' ? 'A verifier refuses this token:' : 'A verifier takes this token, as far as it goes.',
      ...objections.map(({ severity, message }) => `- ${severity === 'warning' ? 'Mind: ' : ''}${message}`),
      ...Object.entries(says).map(([name, value]) => `  ${name}: ${String(value)}`),
    ]
    return { code: verdict === 'refused' ? 1 : 0, data: inspection, text: lines.join('\n') }
  },
}

function tokenFrom(path: string): string {
  if (path.startsWith('eyJ'))
    throw new UsageError('a token in the command line stays in the history of the shell; give a file or -')
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`the file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown fault'})`)
  }
}
