import { randomUUIDv7 } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { AuditRow } from '../contract/audit/audit-query.ts'
import { withRecord } from '../app/open-record.ts'
import { EXPORT_FORMATS } from '../rules/audit/export.ts'
import { tailAudit } from '../service/audit/tail.ts'
import { FILTER_OPTIONS, FILTER_USAGE } from './audit.ts'
import { CLI_WRITER, type Command, configOf, fieldLines, failure, OPERATOR, UsageError } from './command.ts'

/** How often it is looked for new entries. */
const LOOK_EVERY_MS = 500

export const tailCommand: Command = {
  usage: `audit tail [-f] [-n <entries>]${FILTER_USAGE}`,
  about: 'Shows the newest entries, ten unless told otherwise, and with -f those that come, until it is stopped.',
  options: {
    ...FILTER_OPTIONS,
    follow: { type: 'boolean', short: 'f' },
    lines: { type: 'string', short: 'n' },
  },
  async run({ words, options }, { env, clock, out }) {
    if (words.length > 0) throw new UsageError('audit tail takes options only')
    const { follow = false, lines = '10', json = false, ...query } = options
    if (!/^(?:0|[1-9]\d{0,2}|1000)$/.test(String(lines)))
      throw new UsageError('-n is a number of entries from 0 to 1000')
    return withRecord(configOf(env), CLI_WRITER, async (record) => {
      const deps = { ...record, clock, pause: () => setTimeout(LOOK_EVERY_MS) }
      const tail = await tailAudit(deps, { caller: OPERATOR, requestId: randomUUIDv7() }, query, Number(lines))
      if ('code' in tail) return failure(fieldLines(tail).join('\n'))
      const lineOf = json === true ? EXPORT_FORMATS.ndjson.line : personLine
      await out(tail.newest.map(lineOf).join(''))
      if (follow === true) for await (const rows of tail.following) await out(rows.map(lineOf).join(''))
      return { code: 0, data: {}, text: '' }
    })
  },
}

/** An entry as a person reads it. */
function personLine({ time, outcome, action, caller, code, role, userId, room, requestId }: AuditRow): string {
  const words = [time, outcome.padEnd('refused'.length), action, caller, code, role, userId, room, requestId]
  return `${words.filter((word) => word !== undefined).join('  ')}\n`
}
