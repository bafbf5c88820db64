import { randomUUIDv7 } from 'node:crypto'
import { withRecord } from '../app/open-record.ts'
import { retentionStart, type ExpiredEntries } from '../rules/audit/retention.ts'
import { findExpired } from '../service/audit/retain.ts'
import {
  CLI_WRITER,
  columns,
  type Command,
  configOf,
  type Context,
  success,
  OPERATOR,
  type Outcome,
  UsageError,
} from './command.ts'
import { withDeps } from './with-deps.ts'

export const retainCommand: Command = {
  usage: 'audit retain [--plan]',
  about: [
    'Removes entries older than AUDIT_RETENTION_DAYS, as a running service does every day, and leaves a signed retention',
    'marker in their place. With --plan, lists what would be removed and removes nothing.',
  ].join('\n'),
  options: { plan: { type: 'boolean' } },
  async run({ args, options }, context) {
    if (args.length > 0) throw new UsageError('audit retain takes no argument')
    const { AUDIT_RETENTION_DAYS } = configOf(context.env)
    if (AUDIT_RETENTION_DAYS === 0) return success({}, ['AUDIT_RETENTION_DAYS is 0: entries are kept forever.'])
    return options['plan'] === true ? plan(context) : retain(context)
  },
}

function plan({ env, clock }: Context): Promise<Outcome> {
  const config = configOf(env)
  const since = retentionStart(config.AUDIT_RETENTION_DAYS, clock()) ?? 0
  return withRecord(config, CLI_WRITER, async (record) => {
    const expired: ExpiredEntries[] = []
    for await (const each of findExpired(record, since)) expired.push(each)
    const keptFrom = new Date(since).toISOString()
    const rows = expired.map(({ stub, count, lastAt }) => [stub.chain, String(count), new Date(lastAt).toISOString()])
    const lines = rows.length === 0 ? ['No entries.'] : columns([['chain', 'entries', 'last entry'], ...rows])
    return success({ keptFrom, ends: expired }, [`Entries older than ${keptFrom}:`, ...lines])
  })
}

const retain = ({ env }: Context): Promise<Outcome> =>
  withDeps(env, async ({ maintenance }) => {
    const removed = await maintenance.retain({ requestId: randomUUIDv7(), caller: OPERATOR.id })
    return success(removed, [`Removed ${removed.entries} entries and ${removed.checkpoints} checkpoints.`])
  })
