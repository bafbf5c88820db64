import type { Config } from '../config/config.ts'
import type { App } from '../http/server/app-type.ts'
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

/** The links of a consultation, by the role of the participant who opens them. */
export type ExampleLinks = Record<'patient' | 'doctor', string>

/**
 * Creates a consultation that starts now and invites both participants, so that a developer can open a page at
 * `PUBLIC_URL` as either.
 * @returns the links; undefined without `PUBLIC_URL`, or if a policy file replaces the callers of development
 */
export async function createExampleLinks(
  app: Pick<App, 'inject'>,
  { PUBLIC_URL }: Pick<Config, 'PUBLIC_URL'>,
  { consultationsApiKey }: Development,
): Promise<ExampleLinks | undefined> {
  if (PUBLIC_URL === undefined || consultationsApiKey === undefined) return undefined
  const post = async <T>(path: string, payload: object): Promise<T> => {
    const headers = { authorization: `Bearer ${consultationsApiKey}` }
    return (await app.inject({ method: 'POST', url: `/api/jitsi/consultations${path}`, headers, payload })).json<T>()
  }
  const { id } = await post<{ id: string }>('', {
    patientId: 'patient-1042',
    doctorId: EXAMPLE.userId,
    waitingRoom: true,
  })
  const inviteAs = async (role: string, userId: string, name: string) =>
    (await post<{ link: string }>(`/${id}/invitations`, { role, userId, name })).link
  return {
    patient: await inviteAs('patient', 'patient-1042', 'Asha Rao'),
    doctor: await inviteAs('doctor', EXAMPLE.userId, EXAMPLE.userName),
  }
}

/**
 * Creates the notice for a developer: that this is not production, and how to request a token.
 * @param address the URL of the service
 * @param links of an example consultation, if there is one
 * @returns text for standard output, which contains API keys and codes
 */
export function developmentNotice(
  address: string,
  { apiKey, consultationsApiKey, newKeyFile }: Development,
  links: ExampleLinks | undefined,
): string {
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
    ...(links === undefined
      ? []
      : [
          'Created a consultation that starts now. Open its links in two browsers:',
          `  patient: ${links.patient}`,
          `  doctor:  ${links.doctor}`,
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
