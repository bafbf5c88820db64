import { openRecord } from '../record.ts'
import { verifyAudit } from '../service/verify-audit.ts'
import { keysOf } from './verifying-keys.ts'
import { CLI_WRITER, type Command, configOf, UsageError } from './command.ts'

export const verifyCommand: Command = {
  usage: 'audit verify',
  about:
    'Verifies the record: every hash, every sequence, every link. Names each entry that was changed, removed or replaced.',
  async run({ words }, { env }) {
    if (words.length > 0) throw new UsageError('audit verify takes no word')
    const config = configOf(env)
    const record = await openRecord(config, CLI_WRITER)
    try {
      const result = await verifyAudit({ ...record, keys: keysOf(config) })
      const { chains, entries, checkpoints, unverifiable, findings } = result
      const told = findings.length === 0 ? 'all as they were written.' : 'NOT as they were written.'
      const summary = `${entries} entries in ${chains} chains, ${checkpoints} checkpoints (${unverifiable} of keys that are gone): ${told}`
      const text = [...findings.map(({ message }) => `- ${message}`), summary].join('\n')
      return { code: findings.length === 0 ? 0 : 1, data: result, text }
    } finally {
      await record.close()
    }
  },
}
