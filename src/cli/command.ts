import type { Refusal } from '../contract/problem.ts'
import type { Clock } from '../service/ports.ts'
import { type Config, ConfigurationError, readConfig } from '../config/config.ts'

/** What a command works with. */
export type Context = {
  env: NodeJS.ProcessEnv
  /** All of standard input. */
  stdin: () => string
  /** Writes to standard output, as fast as it is taken. */
  out: (text: string) => Promise<void>
  clock: Clock
}

/**
 * How a command ended: `code` for scripts (0 done, 1 no, 2 not understood), `data` for `--json`, `text` for a person.
 * No member holds a secret that was not asked for with its own flag.
 */
export type Outcome = { code: 0 | 1 | 2; data: object; text: string }

/** The words after a command: what stands there, and the options. */
export type Words = { words: string[]; options: Record<string, string | boolean | undefined> }

/** A command: how it is called, what for, which options it takes, and what it does. */
export type Command = {
  usage: string
  about: string
  options?: Record<string, { type: 'string' | 'boolean'; short?: string }>
  run(words: Words, context: Context): Outcome | Promise<Outcome>
}

/** Whose chain the entries of the command line are in. */
export const CLI_WRITER = 'cli'

/** Who asks at the command line, by the name that the record has for it. */
export const OPERATOR = { id: 'cli:operator' }

/** The words were not understood. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** The settings as the service would read them. @throws ConfigurationError */
export function configOf(env: NodeJS.ProcessEnv): Config {
  const { config, errors: faults } = readConfig(env)
  if (faults.length > 0) throw new ConfigurationError(faults)
  return config
}

/** What a person is told, and the same as data. */
export const success = (data: object, lines: readonly string[]): Outcome => ({ code: 0, data, text: lines.join('\n') })

/** It was understood, and the answer is no. */
export const failure = (reason: string, more: object = {}): Outcome => ({
  code: 1,
  data: { error: reason, ...more },
  text: reason,
})

/** The fields that a refusal names, a line each. */
export const fieldLines = ({ errors = [] }: Refusal): string[] =>
  errors.map(({ pointer, message }) => `${pointer} ${message}`)

/** The one word that a command needs. @throws UsageError */
export function oneWord({ words }: Words): string {
  const [word, ...others] = words
  if (word === undefined || others.length > 0) throw new UsageError('one word is needed')
  return word
}

/** Rows of words, in columns. */
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
