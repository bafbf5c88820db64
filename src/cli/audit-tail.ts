import { randomUUIDv7 } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { AuditRow } from '../contract/audit/audit-query.ts'
import { withRecord } from '../app/open-record.ts'
import { EXPORT_FORMATS } from '../rules/audit/export.ts'
import { tailAudit } from '../service/audit/tail.ts'
import { FILTER_OPTIONS, FILTER_USAGE } from './audit.ts'
import { CLI_WRITER, type Command, configOf, fieldLines, failure, OPERATOR, UsageError } from './command.ts'

/** How often to read new entries. */
const POLL_INTERVAL_MS = 500

export const tailCommand: Command = {
  usage: `audit tail [-f] [-n <entries>]${FILTER_USAGE}`,
  about:
    'Prints the newest entries (10 by default), and with -f new entries as they are recorded, until it is stopped.',
  options: {
    ...FILTER_OPTIONS,
    follow: { type: 'boolean', short: 'f' },
    lines: { type: 'string', short: 'n' },
  },
  async run({ args, options }, { env, clock, out }) {
    if (args.length > 0) throw new UsageError('audit tail takes options only')
    const { follow = false, lines = '10', json = false, ...query } = options
    if (!/^(?:0|[1-9]\d{0,2}|1000)$/.test(String(lines)))
      throw new UsageError('-n must be a number of entries from 0 to 1000')
    return withRecord(configOf(env), CLI_WRITER, async (record) => {
      const deps = { ...record, clock, pause: () => setTimeout(POLL_INTERVAL_MS) }
      const tail = await tailAudit(deps, { caller: OPERATOR, requestId: randomUUIDv7() }, query, Number(lines))
      if ('code' in tail) return failure(fieldLines(tail).join('\n'))
      const lineOf = json === true ? EXPORT_FORMATS.ndjson.line : personLine
      await out(tail.newest.map(lineOf).join(''))
      if (follow === true) for await (const rows of tail.following) await out(rows.map(lineOf).join(''))
      return { code: 0, data: {}, text: '' }
    })
  },
}

/** Formats an entry as one line for a person. */
function personLine({ time, outcome, action, caller, code, role, userId, room, requestId }: AuditRow): string {
  const fields = [time, outcome.padEnd('refused'.length), action, caller, code, role, userId, room, requestId]
  return `${fields.filter((field) => field !== undefined).join('  ')}\n`
}
