import { newApiKey } from './callers/api-keys.ts'
import { BUILT_IN_POLICY, type PolicyFile } from './contract/policy.ts'

/** What development gets made, so that the service runs with nothing configured. */
export type Development = { madeKeyFile?: string; apiKey?: string }

/**
 * The built-in policy, with a caller made for this run where it is development's.
 * @param development takes the API key of that caller; undefined in production, where nobody may ask
 */
export function developmentPolicy(development: Development | undefined): PolicyFile {
  if (development === undefined) return BUILT_IN_POLICY
  const { apiKey, sha256 } = newApiKey('development')
  development.apiKey = apiKey
  const roles = Object.keys(BUILT_IN_POLICY.roles)
  return {
    ...BUILT_IN_POLICY,
    callers: [{ id: 'development', apiKeySha256: [sha256], roles, scopes: ['tokens:issue'] }],
  }
}

const EXAMPLE = {
  roomId: 'bharattelemed-p1042-d77-1764000000',
  userId: 'doctor-77',
  userName: 'Dr. Meera Iyer',
  userRole: 'doctor',
}

/**
 * What a developer is told at start: that this is no production, and how to get a token.
 * @param address where the service listens
 */
export function developmentNotice(address: string, { apiKey, madeKeyFile }: Development): string {
  const lines = [
    '',
    '*** DEVELOPMENT: NODE_ENV is not production. Do not put this in front of patients. ***',
    ...(madeKeyFile === undefined ? [] : [`Made a signing key that no Jitsi knows: ${madeKeyFile}`]),
    ...(apiKey === undefined
      ? []
      : [
          'Made a caller for this run alone. Its API key is shown here once:',
          `  ${apiKey}`,
          'Ask for a token:',
          `  curl -sS ${address}/api/jitsi/token -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' -d '${JSON.stringify(EXAMPLE)}'`,
        ]),
    '',
  ]
  return `${lines.join('\n')}\n`
}
