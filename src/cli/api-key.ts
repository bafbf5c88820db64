import { newApiKey } from '../callers/api-keys.ts'

/**
 * Makes an API key for a caller.
 * @returns what is printed: the key, which is shown once, and the hash for the policy
 * @throws RangeError where the caller id has another shape
 */
export function apiKey(callerId: string): string {
  const made = newApiKey(callerId)
  return [
    'API key, shown once; give it to the caller:',
    `  ${made.apiKey}`,
    'Hash; add it to the apiKeySha256 of the caller in the policy:',
    `  ${made.sha256}`,
    '',
  ].join('\n')
}
