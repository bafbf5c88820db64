import type { Config } from '../config/config.ts'
import { createDevelopmentKey } from '../keys/generate.ts'
import type { KeyFiles } from '../keys/key-ring.ts'
import { createKeyFilesReader, isKeyMissing } from '../reload/key-location.ts'
import { newApiKey } from '../auth/api-keys.ts'
import { BUILT_IN_POLICY, CONSULTATION_ROOMS, type PolicyFile } from '../contract/policy/policy.ts'

/** What development generates at start so that the service runs without configuration. */
export type Development = { newKeyFile?: string; apiKey?: string; consultationsApiKey?: string }

/**
 * Creates the built-in policy. In development it has two callers for this run: `development` may request any room, and
 * `development-consultations` creates consultations and is bound to them.
 * @param development receives the API keys of the callers; undefined in production, where the policy has no callers
 */
export function developmentPolicy(development: Development | undefined): PolicyFile {
  if (development === undefined) return BUILT_IN_POLICY
  const [anyRoom, bound] = [newApiKey('development'), newApiKey('development-consultations')]
  development.apiKey = anyRoom.apiKey
  development.consultationsApiKey = bound.apiKey
  const roles = Object.keys(BUILT_IN_POLICY.roles)
  return {
    ...BUILT_IN_POLICY,
    callers: [
      { id: 'development', apiKeySha256: [anyRoom.sha256], roles, scopes: ['tokens:issue'] },
      {
        id: 'development-consultations',
        apiKeySha256: [bound.sha256],
        roles,
        rooms: CONSULTATION_ROOMS,
        scopes: ['tokens:issue', 'tokens:revoke', 'consultations:read', 'consultations:write', 'audit:read'],
      },
    ],
  }
}

const EXAMPLE = {
  roomId: 'bharattelemed-p1042-d77-1764000000',
  userId: 'doctor-77',
  userName: 'Dr. Meera Iyer',
  userRole: 'doctor',
}

/**
 * Creates the notice for a developer: that this is not production, and how to request a token.
 * @param address the URL of the service
 * @returns text for standard output, which contains API keys
 */
export function developmentNotice(address: string, { apiKey, consultationsApiKey, newKeyFile }: Development): string {
  const lines = [
    '',
    '*** DEVELOPMENT: NODE_ENV is not production. Do not put this in front of patients. ***',
    ...(newKeyFile === undefined ? [] : [`Generated a signing key, which no Jitsi accepts yet: ${newKeyFile}`]),
    ...(apiKey === undefined
      ? []
      : [
          'Generated a caller for this run only. Its API key is shown once:',
          `  ${apiKey}`,
          'Request a token:',
          `  curl -sS ${address}/api/jitsi/token -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' -d '${JSON.stringify(EXAMPLE)}'`,
        ]),
    ...(consultationsApiKey === undefined
      ? []
      : [
          'Generated a caller that creates consultations and is bound to them (docs/consultations.md):',
          `  export TOKENS=${address} KEY=${consultationsApiKey}`,
        ]),
    '',
  ]
  return `${lines.join('\n')}\n`
}

/** Reads the key files. @returns undefined if a shared secret signs @throws KeyError */
export async function openKeyFiles(
  config: Config,
  development: Development | undefined,
): Promise<KeyFiles | undefined> {
  if (config.JITSI_JWT_SECRET !== undefined) return undefined
  if (development !== undefined && isKeyMissing(config)) {
    development.newKeyFile = await createDevelopmentKey(config.KEYS_DIR)
  }
  return createKeyFilesReader(config)()
}
