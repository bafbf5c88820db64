import { randomUUID } from 'node:crypto'
import { withRecord } from '../record.ts'
import { exportAudit } from '../service/export-audit.ts'
import { verifyAudit } from '../service/verify-audit.ts'
import { keysOf } from './verifying-keys.ts'
import { CLI_WRITER, type Command, configOf, fieldLines, no, UsageError } from './command.ts'

export const verifyCommand: Command = {
  usage: 'audit verify',
  about:
    'Verifies the record: every hash, every sequence, every link. Names each entry that was changed, removed or replaced.',
  async run({ words }, { env }) {
    if (words.length > 0) throw new UsageError('audit verify takes no word')
    const config = configOf(env)
    return withRecord(config, CLI_WRITER, async (record) => {
      const result = await verifyAudit({ ...record, keys: keysOf(config) })
      const { chains, entries, checkpoints, unverifiable, findings } = result
      const told = findings.length === 0 ? 'all as they were written.' : 'NOT as they were written.'
      const summary = `${entries} entries in ${chains} chains, ${checkpoints} checkpoints (${unverifiable} of keys that are gone): ${told}`
      const text = [...findings.map(({ message }) => `- ${message}`), summary].join('\n')
      return { code: findings.length === 0 ? 0 : 1, data: result, text }
    })
  },
}

const FILTERS = ['from', 'to', 'room', 'userId', 'caller', 'action', 'outcome', 'jti']

export const exportCommand: Command = {
  usage: `audit export [--format ndjson|csv]${FILTERS.map((name) => ` [--${name} …]`).join('')}`,
  about: 'Writes the record down, newest first, each entry with its hash; as it comes, however long it is.',
  options: {
    ...Object.fromEntries(FILTERS.map((name) => [name, { type: 'string' as const }])),
    format: { type: 'string' },
  },
  async run({ words, options }, { env, nowMs, out }) {
    if (words.length > 0) throw new UsageError('audit export takes options only')
    const { format = 'ndjson', json: _json, ...query } = options
    if (format !== 'ndjson' && format !== 'csv') throw new UsageError('--format is ndjson or csv')
    return withRecord(configOf(env), CLI_WRITER, async (record) => {
      const parts = { ...record, clock: () => nowMs }
      const asking = { caller: { id: 'cli:operator' }, requestId: randomUUID() }
      const found = await exportAudit(parts, asking, format, query)
      if ('code' in found) return no(fieldLines(found).join('\n'))
      for await (const text of found.text) await out(text)
      return { code: 0, data: {}, text: '' }
    })
  },
}
