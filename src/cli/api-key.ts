import { newApiKey } from '../auth/api-keys.ts'
import { type Command, success, oneArgument } from './command.ts'

export const apiKeyCommand: Command = {
  usage: 'api-key <caller id>',
  about: 'Generates an API key and prints it once, with its hash for the apiKeySha256 of the caller in the policy.',
  run(args) {
    const { apiKey, sha256 } = newApiKey(oneArgument(args))
    return success({ apiKey, sha256 }, [
      'API key, shown once. Give it to the caller:',
      `  ${apiKey}`,
      'Hash. Add it to the apiKeySha256 of the caller in the policy:',
      `  ${sha256}`,
    ])
  },
}
