import { listPendingMigrations, migrateRecord } from '../app/open-record.ts'
import { CLI_WRITER, type Command, configOf, success, UsageError } from './command.ts'

export const migrateCommand: Command = {
  usage: 'db migrate [--plan]',
  about: 'Applies pending migrations, as the service does at start. With --plan, prints them and applies nothing.',
  options: { plan: { type: 'boolean' } },
  async run({ args, options }, { env }) {
    if (args.length > 0) throw new UsageError('db migrate takes no argument')
    const config = configOf(env)
    const pending = await listPendingMigrations(config)
    if (pending.length === 0) return success({ pending }, ['The tables are up to date.'])
    if (options['plan'] === true) {
      const lines = pending.flatMap(({ name, statements }) => [`-- ${name}`, ...statements.map((each) => `${each};`)])
      return success({ pending }, lines)
    }
    await migrateRecord(config, CLI_WRITER)
    return success({ migrated: pending.map(({ name }) => name) }, [
      'Migrated:',
      ...pending.map(({ name }) => `- ${name}`),
    ])
  },
}
