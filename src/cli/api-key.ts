import { newApiKey } from '../auth/api-keys.ts'
import { type Command, success, oneWord } from './command.ts'

export const apiKeyCommand: Command = {
  usage: 'api-key <caller id>',
  about: 'Prints a new API key, once, and its hash for the apiKeySha256 of the caller in the policy.',
  run(words) {
    const { apiKey, sha256 } = newApiKey(oneWord(words))
    return success({ apiKey, sha256 }, [
      'API key, shown once; give it to the caller:',
      `  ${apiKey}`,
      'Hash; add it to the apiKeySha256 of the caller in the policy:',
      `  ${sha256}`,
    ])
  },
}
