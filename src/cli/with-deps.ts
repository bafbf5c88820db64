import { pino } from 'pino'
import { type Config, readConfig } from '../config/config.ts'
import { compose, type Deps } from '../app/compose.ts'
import { CLI_WRITER } from './command.ts'

/**
 * Opens the dependencies of the service, calls `use`, and closes them. Audit entries go to the chain of the command line.
 * @throws ConfigurationError, and what `use` throws
 */
export async function withDeps<T>(env: NodeJS.ProcessEnv, use: (deps: Deps, config: Config) => Promise<T>): Promise<T> {
  const { config, errors } = readConfig(env)
  const deps = await compose({ ...config, AUDIT_WRITER: CLI_WRITER }, pino({ level: 'silent' }), errors)
  try {
    return await use(deps, config)
  } finally {
    await deps.close()
  }
}
