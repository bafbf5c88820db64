import { randomUUIDv7 } from 'node:crypto'
import { withRecord } from '../app/open-record.ts'
import { retentionStartsOf, type ExpiredEntries } from '../rules/audit/retention.ts'
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
    'Removes entries older than AUDIT_RETENTION_DAYS, and anonymous entries older than AUDIT_ANONYMOUS_RETENTION_DAYS, as a',
    'running service does every day. A signed retention marker takes their place. With --plan, lists what would be removed',
    'and removes nothing.',
  ].join('\n'),
  options: { plan: { type: 'boolean' } },
  async run({ args, options }, context) {
    if (args.length > 0) throw new UsageError('audit retain takes no argument')
    const { AUDIT_RETENTION_DAYS, AUDIT_ANONYMOUS_RETENTION_DAYS } = configOf(context.env)
    if (AUDIT_RETENTION_DAYS === 0 && AUDIT_ANONYMOUS_RETENTION_DAYS === 0)
      return success({}, ['The retention settings are 0: entries are kept forever.'])
    return options['plan'] === true ? plan(context) : retain(context)
  },
}

function plan({ env, clock }: Context): Promise<Outcome> {
  const config = configOf(env)
  const days = { entries: config.AUDIT_RETENTION_DAYS, anonymous: config.AUDIT_ANONYMOUS_RETENTION_DAYS }
  const starts = retentionStartsOf(days, clock())
  return withRecord(config, CLI_WRITER, async (record) => {
    const expired: ExpiredEntries[] = []
    for await (const each of findExpired(record, starts)) expired.push(each)
    const keptFrom = new Date(starts.entries).toISOString()
    const anonymousKeptFrom = new Date(starts.anonymous).toISOString()
    const rows = expired.map(({ stub, count, lastAt }) => [stub.chain, String(count), new Date(lastAt).toISOString()])
    const lines = rows.length === 0 ? ['No entries.'] : columns([['chain', 'entries', 'last entry'], ...rows])
    return success({ keptFrom, anonymousKeptFrom, ends: expired }, [
      `Entries older than ${keptFrom}, anonymous ones older than ${anonymousKeptFrom}:`,
      ...lines,
    ])
  })
}

const retain = ({ env }: Context): Promise<Outcome> =>
  withDeps(env, async ({ maintenance }) => {
    const removed = await maintenance.retain({ requestId: randomUUIDv7(), caller: OPERATOR.id })
    return success(removed, [`Removed ${removed.entries} entries and ${removed.checkpoints} checkpoints.`])
  })
