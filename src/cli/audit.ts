import { randomUUIDv7 } from 'node:crypto'
import { withRecord } from '../app/open-record.ts'
import { exportAudit } from '../service/audit/export.ts'
import { verifyAudit } from '../service/audit/verify.ts'
import { openVerifyingKeys } from './verifying-keys.ts'
import { CLI_WRITER, type Command, configOf, fieldLines, failure, OPERATOR, UsageError } from './command.ts'

export const verifyCommand: Command = {
  usage: 'audit verify [--keys <folder>]',
  about: [
    'Verifies the record: every hash, sequence and link, every checkpoint and retention marker. Names each entry that was',
    'changed, removed, inserted or moved. --keys names a folder of public keys that are no longer published,',
    '<key id>.pub.pem. Exit code 3 if the record is empty.',
  ].join('\n'),
  options: { keys: { type: 'string' } },
  async run({ args, options }, { env }) {
    if (args.length > 0) throw new UsageError('audit verify takes no argument')
    const config = configOf(env)
    return withRecord(config, CLI_WRITER, async (record) => {
      const archive = options['keys']
      const keys = openVerifyingKeys(config, typeof archive === 'string' ? archive : undefined)
      const result = await verifyAudit({ ...record, keys })
      const { chains, entries, stubs, checkpoints, unverifiable, findings } = result
      if (entries + stubs + checkpoints + findings.length === 0) return { code: 3, data: result, text: EMPTY }
      const verdict = findings.length === 0 ? 'intact.' : 'NOT intact.'
      const signed = `${checkpoints} checkpoints and ${stubs} retention markers (${unverifiable} of them signed by unknown keys)`
      const summary = `${entries} entries in ${chains} chains, ${signed}: ${verdict}`
      const text = [...findings.map(({ message }) => `- ${message}`), summary].join('\n')
      return { code: findings.length === 0 ? 0 : 1, data: result, text }
    })
  },
}

const EMPTY =
  'The record is empty: there is nothing to verify. Check that DATABASE_URL names the database of the service.'

/** The filters of the record, each an option of that name. */
const FILTERS = ['from', 'to', 'room', 'userId', 'caller', 'action', 'outcome', 'jti']
export const FILTER_OPTIONS = Object.fromEntries(FILTERS.map((name) => [name, { type: 'string' as const }]))
export const FILTER_USAGE = FILTERS.map((name) => ` [--${name} …]`).join('')

export const exportCommand: Command = {
  usage: `audit export [--format ndjson|csv]${FILTER_USAGE}`,
  about: 'Exports the record as a stream, newest entry first, each entry with its hash.',
  options: { ...FILTER_OPTIONS, format: { type: 'string' } },
  async run({ args, options }, { env, clock, out }) {
    if (args.length > 0) throw new UsageError('audit export takes options only')
    const { format = 'ndjson', json: _json, ...query } = options
    if (format !== 'ndjson' && format !== 'csv') throw new UsageError('--format must be ndjson or csv')
    return withRecord(configOf(env), CLI_WRITER, async (record) => {
      const deps = { ...record, clock }
      const requester = { caller: OPERATOR, requestId: randomUUIDv7() }
      const found = await exportAudit(deps, requester, format, query)
      if ('code' in found) return failure(fieldLines(found).join('\n'))
      for await (const text of found.text) await out(text)
      return { code: 0, data: {}, text: '' }
    })
  },
}
