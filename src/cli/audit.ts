import { openRecord } from '../parts.ts'
import { verifyAudit } from '../service/verify-audit.ts'
import { CLI_WRITER, type Command, configOf, UsageError } from './command.ts'

export const verifyCommand: Command = {
  usage: 'audit verify',
  about:
    'Verifies the record: every hash, every sequence, every link. Names each entry that was changed, removed or replaced.',
  async run({ words }, { env }) {
    if (words.length > 0) throw new UsageError('audit verify takes no word')
    const record = await openRecord(configOf(env), CLI_WRITER)
    try {
      const { chains, entries, findings } = await verifyAudit(record.reader)
      const summary = `${entries} entries in ${chains} chains: ${findings.length === 0 ? 'all as they were written.' : 'NOT as they were written.'}`
      const text = [...findings.map(({ message }) => `- ${message}`), summary].join('\n')
      return { code: findings.length === 0 ? 0 : 1, data: { chains, entries, findings }, text }
    } finally {
      await record.close()
    }
  },
}
