import { pino } from 'pino'
import { type Config, readConfig } from '../config/config.ts'
import { openParts, type Parts } from '../app/compose.ts'
import { CLI_WRITER } from './command.ts'

/**
 * Opens the service's parts for a piece of work, in the chain of the command line, and closes them however that ends.
 * @throws ConfigurationError, and what the work throws
 */
export async function withParts<T>(
  env: NodeJS.ProcessEnv,
  use: (parts: Parts, config: Config) => Promise<T>,
): Promise<T> {
  const { config, faults } = readConfig(env)
  const parts = await openParts({ ...config, AUDIT_WRITER: CLI_WRITER }, pino({ level: 'silent' }), faults)
  try {
    return await use(parts, config)
  } finally {
    await parts.close()
  }
}
