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
    'Removes what is older than AUDIT_RETENTION_DAYS, as a running service does every day, and leaves a signed stub in its',
    'place. With --plan shows what would go, and removes nothing.',
  ].join('\n'),
  options: { plan: { type: 'boolean' } },
  async run({ words, options }, context) {
    if (words.length > 0) throw new UsageError('audit retain takes no word')
    const { AUDIT_RETENTION_DAYS } = configOf(context.env)
    if (AUDIT_RETENTION_DAYS === 0) return success({}, ['AUDIT_RETENTION_DAYS is 0: everything is kept for ever.'])
    return options['plan'] === true ? plan(context) : retain(context)
  },
}

function plan({ env, clock }: Context): Promise<Outcome> {
  const config = configOf(env)
  const since = retentionStart(config.AUDIT_RETENTION_DAYS, clock()) ?? 0
  return withRecord(config, CLI_WRITER, async (record) => {
    const ends: ExpiredEntries[] = []
    for await (const end of findExpired(record, since)) ends.push(end)
    const keptFrom = new Date(since).toISOString()
    const rows = ends.map(({ stub, count, lastAt }) => [stub.chain, String(count), new Date(lastAt).toISOString()])
    const lines = rows.length === 0 ? ['Nothing is.'] : columns([['chain', 'entries', 'the last of them'], ...rows])
    return success({ keptFrom, ends }, [`Older than ${keptFrom}:`, ...lines])
  })
}

const retain = ({ env }: Context): Promise<Outcome> =>
  withDeps(env, async ({ maintenance: upkeep }) => {
    const removed = await upkeep.retain({ requestId: randomUUIDv7(), caller: OPERATOR.id })
    return success(removed, [`${removed.entries} entries and ${removed.checkpoints} checkpoints were removed.`])
  })
