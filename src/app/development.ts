import type { Config } from '../config/config.ts'
import { createDevelopmentKey } from '../keys/generate.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { createKeyRingReader, isKeyMissing } from '../reload/key-location.ts'
import { newApiKey } from '../auth/api-keys.ts'
import { BUILT_IN_POLICY, CONSULTATION_ROOMS, type PolicyFile } from '../contract/policy/policy.ts'

/** What development gets made, so that the service runs with nothing configured. */
export type Development = { newKeyFile?: string; apiKey?: string; consultationsApiKey?: string }

/**
 * The built-in policy, with callers made for this run where it is development's: one that may ask for any room, and one that
 * makes consultations and is held to them.
 * @param development takes the API keys of the callers; undefined in production, where nobody may ask
 */
export function developmentPolicy(development: Development | undefined): PolicyFile {
  if (development === undefined) return BUILT_IN_POLICY
  const [anyRoom, visits] = [newApiKey('development'), newApiKey('development-visits')]
  development.apiKey = anyRoom.apiKey
  development.consultationsApiKey = visits.apiKey
  const roles = Object.keys(BUILT_IN_POLICY.roles)
  return {
    ...BUILT_IN_POLICY,
    callers: [
      { id: 'development', apiKeySha256: [anyRoom.sha256], roles, scopes: ['tokens:issue'] },
      {
        id: 'development-visits',
        apiKeySha256: [visits.sha256],
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
 * What a developer is told at start: that this is no production, and how to get a token.
 * @param address where the service listens
 */
export function developmentNotice(
  address: string,
  { apiKey, consultationsApiKey: visitsApiKey, newKeyFile: madeKeyFile }: Development,
): string {
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
    ...(visitsApiKey === undefined
      ? []
      : [
          'And one that makes consultations and is held to them (README.md, "A visit"):',
          `  export TOKENS=${address} KEY=${visitsApiKey}`,
        ]),
    '',
  ]
  return `${lines.join('\n')}\n`
}

/** @returns the ring, or undefined where a shared secret signs */
export async function openKeyRing(config: Config, development: Development | undefined): Promise<KeyRing | undefined> {
  if (config.JITSI_JWT_SECRET !== undefined) return undefined
  if (development !== undefined && isKeyMissing(config)) {
    development.newKeyFile = await createDevelopmentKey(config.KEYS_DIR)
  }
  return createKeyRingReader(config)()
}
