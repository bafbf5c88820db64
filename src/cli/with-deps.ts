import { pino } from 'pino'
import { type Config, readConfig } from '../config/config.ts'
import { compose, type Deps } from '../app/compose.ts'
import { CLI_WRITER } from './command.ts'

/**
 * Opens the service's deps for a piece of work, in the chain of the command line, and closes them however that ends.
 * @throws ConfigurationError, and what the work throws
 */
export async function withDeps<T>(env: NodeJS.ProcessEnv, use: (deps: Deps, config: Config) => Promise<T>): Promise<T> {
  const { config, errors: faults } = readConfig(env)
  const deps = await compose({ ...config, AUDIT_WRITER: CLI_WRITER }, pino({ level: 'silent' }), faults)
  try {
    return await use(deps, config)
  } finally {
    await deps.close()
  }
}
