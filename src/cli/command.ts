import type { Refusal } from '../contract/problem.ts'
import type { Clock } from '../service/ports.ts'
import { type Config, ConfigurationError, readConfig } from '../config/config.ts'

/** The environment of a command. */
export type Context = {
  env: NodeJS.ProcessEnv
  /** Reads all of standard input. */
  stdin: () => string
  /** Writes to standard output; resolves once the output accepts more. */
  out: (text: string) => Promise<void>
  clock: Clock
}

/**
 * The result of a command: `code` for scripts (0 success, 1 failure, 2 usage or configuration error, 3 nothing to verify),
 * `data` for `--json`, `text` for a person. Neither contains a secret unless a flag of its own requests it.
 */
export type Outcome = { code: 0 | 1 | 2 | 3; data: object; text: string }

/** The positional arguments and the options after the name of a command. */
export type Arguments = { args: string[]; options: Record<string, string | boolean | undefined> }

/** A command: its usage line, its help text, its options, and its implementation. */
export type Command = {
  usage: string
  about: string
  options?: Record<string, { type: 'string' | 'boolean'; short?: string }>
  run(args: Arguments, context: Context): Outcome | Promise<Outcome>
}

/** The writer of audit entries that the command line appends. */
export const CLI_WRITER = 'cli'

/** The caller in audit entries of the command line. */
export const OPERATOR = { id: 'cli:operator' }

/** The command, its arguments or its options are invalid. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** Reads the settings as the service does. @throws ConfigurationError */
export function configOf(env: NodeJS.ProcessEnv): Config {
  const { config, errors } = readConfig(env)
  if (errors.length > 0) throw new ConfigurationError(errors)
  return config
}

/** @returns exit code 0, with lines for a person and the same as data */
export const success = (data: object, lines: readonly string[]): Outcome => ({ code: 0, data, text: lines.join('\n') })

/** @returns exit code 1, with the reason */
export const failure = (reason: string, more: object = {}): Outcome => ({
  code: 1,
  data: { error: reason, ...more },
  text: reason,
})

/** @returns one line for each field error of a refusal */
export const fieldLines = ({ errors = [] }: Refusal): string[] =>
  errors.map(({ pointer, message }) => `${pointer} ${message}`)

/** @returns the only argument of a command. @throws UsageError if there is none or more than one */
export function oneArgument({ args }: Arguments): string {
  const [argument, ...others] = args
  if (argument === undefined || others.length > 0) throw new UsageError('this command takes exactly one argument')
  return argument
}

/** Formats rows of cells as aligned columns. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (all, row) => row.map((cell, index) => Math.max(cell.length, all[index] ?? 0)),
    [],
  )
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
