import { randomUUIDv7 } from 'node:crypto'
import { withRecord } from '../app/open-record.ts'
import { keptSince, type OldEnd } from '../rules/audit/retention.ts'
import { oldEnds } from '../service/audit/retain.ts'
import {
  CLI_WRITER,
  columns,
  type Command,
  configOf,
  type Context,
  done,
  OPERATOR,
  type Outcome,
  UsageError,
} from './command.ts'
import { withParts } from './with-parts.ts'

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
    if (AUDIT_RETENTION_DAYS === 0) return done({}, ['AUDIT_RETENTION_DAYS is 0: everything is kept for ever.'])
    return options['plan'] === true ? plan(context) : retain(context)
  },
}

function plan({ env, clock }: Context): Promise<Outcome> {
  const config = configOf(env)
  const since = keptSince(config.AUDIT_RETENTION_DAYS, clock()) ?? 0
  return withRecord(config, CLI_WRITER, async (record) => {
    const ends: OldEnd[] = []
    for await (const end of oldEnds(record, since)) ends.push(end)
    const keptFrom = new Date(since).toISOString()
    const rows = ends.map(({ stub, count, lastAt }) => [stub.chain, String(count), new Date(lastAt).toISOString()])
    const lines = rows.length === 0 ? ['Nothing is.'] : columns([['chain', 'entries', 'the last of them'], ...rows])
    return done({ keptFrom, ends }, [`Older than ${keptFrom}:`, ...lines])
  })
}

const retain = ({ env }: Context): Promise<Outcome> =>
  withParts(env, async ({ upkeep }) => {
    const removed = await upkeep.retain({ requestId: randomUUIDv7(), caller: OPERATOR.id })
    return done(removed, [`${removed.entries} entries and ${removed.checkpoints} checkpoints were removed.`])
  })
