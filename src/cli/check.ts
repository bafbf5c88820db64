import { statSync } from 'node:fs'
import { join } from 'node:path'
import { type Config, metricsPortOf, readConfig } from '../config/config.ts'
import type { PolicyFile } from '../contract/policy/policy.ts'
import type { RoleMeeting } from '../contract/policy/meeting-policy.ts'
import { listPrivateKeyIds } from '../keys/key-file-names.ts'
import { readKeyRing } from '../keys/key-ring.ts'
import { findMisnamedKeys } from '../keys/misnamed.ts'
import { findDetached } from '../reload/watch-files.ts'
import { isKeyMissing, keyLocationOf } from '../reload/key-location.ts'
import { collectErrors, readPolicy } from '../app/compose.ts'
import { DAY_MS } from '../rules/time.ts'
import { policyWarnings } from '../rules/policy/warnings.ts'
import { SETTINGS } from '../config/settings.ts'
import { columns, type Command, UsageError } from './command.ts'
import { checkConnections } from '../app/connections.ts'

export const checkCommand: Command = {
  usage: 'check [--offline]',
  about: [
    'Reads settings, keys and policy as the service does, connects to the database, Redis and the identity providers, and',
    'prints every error and warning, the settings and the policy. It changes nothing. With --offline, it connects to nothing.',
  ].join('\n'),
  options: { offline: { type: 'boolean' } },
  async run({ args, options }, { env, clock }) {
    if (args.length > 0) throw new UsageError('check takes no argument')
    const { config, errors: settingErrors, warnings: misspelt } = readConfig(env)
    const errors = [...settingErrors]
    await collectErrors(errors, async () => (needsNoKey(config) ? undefined : readKeyRing(keyLocationOf(config))))
    const policy = await collectErrors(errors, () =>
      readPolicy(config, config.NODE_ENV === 'production' ? undefined : {}),
    )
    const connections = options['offline'] === true ? undefined : await checkConnections(config, policy)
    errors.push(...(connections?.errors ?? []))
    const warnings = [...misspelt, ...(connections?.warnings ?? []), ...warningsOf(config, policy, clock())]
    const settings = maskedSettings(config)
    const text = [
      ...section(
        'Errors',
        errors.map((each) => `- ${each}`),
      ),
      ...section(
        'Warnings',
        warnings.map((warning) => `- ${warning}`),
      ),
      ...section('Connections', columns(connections?.rows ?? [])),
      ...section('Settings', columns(Object.entries(settings).map(([name, value]) => [name, value]))),
      ...(policy === undefined ? [] : policyTables(policy)),
      errors.length === 0 ? 'The service can start.' : `The service cannot start; ${errors.length} to fix.`,
    ].join('\n')
    const data = {
      errors,
      warnings,
      connections: Object.fromEntries(connections?.rows ?? []),
      settings,
      policy: policyData(policy),
    }
    return { code: errors.length === 0 ? 0 : 1, data, text }
  },
}

/** Whether no key file is needed: a shared secret signs, or development generates a key at start. */
const needsNoKey = (config: Config): boolean =>
  config.JITSI_JWT_SECRET !== undefined || (config.NODE_ENV !== 'production' && isKeyMissing(config))

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`${title}:`, ...lines, '']

/** @returns the settings in force; of a secret only whether it is set */
function maskedSettings(config: Config): Record<string, string> {
  return Object.fromEntries(
    Object.entries(SETTINGS).map(([name, setting]) => {
      const value = config[name as keyof Config]
      if ('secret' in setting) return [name, value === undefined ? 'not set' : 'set (not shown)']
      const shown = [value ?? []].flat().join(', ')
      return [name, shown === '' ? 'not set' : shown]
    }),
  )
}

function warningsOf(config: Config, policy: PolicyFile | undefined, nowMs: number): string[] {
  const found = policy === undefined ? [] : [...policyWarnings(policy)]
  if (config.CORS_ORIGINS.includes('*'))
    found.push('CORS_ORIGINS allows every origin; list the origins whose pages may call.')
  if (!['127.0.0.1', '::1', 'localhost'].includes(config.HOST) && [config.TRUST_PROXY].flat().length === 0) {
    found.push('TRUST_PROXY is not set: behind a proxy, all callers count as one client address.')
  }
  const metricsPort = metricsPortOf(config)
  if (config.NODE_ENV === 'production' && config.METRICS_TOKEN === undefined) {
    found.push(
      `METRICS_TOKEN is not set: every client that reaches port ${metricsPort} can read the metrics; allow only Prometheus to reach it.`,
    )
  }
  found.push(...misnamedKeys(config))
  for (const path of findDetached([
    ...keyFiles(config),
    ...(config.POLICY_FILE === undefined ? [] : [config.POLICY_FILE]),
  ]))
    found.push(
      `${path} was replaced on the host, but the mount of this single file shows the old one; mount its folder.`,
    )
  for (const path of keyFiles(config)) {
    const age = nowMs - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? nowMs)
    if (age > config.KEYS_ROTATION_DAYS * DAY_MS)
      found.push(`${path} is ${Math.floor(age / DAY_MS)} days old; generate a new key and rotate.`)
  }
  return found
}

function keyFiles({ SIGNING_KEY_FILE, SIGNING_KEY_ID, KEYS_DIR }: Config): string[] {
  if (SIGNING_KEY_FILE !== undefined) return [SIGNING_KEY_FILE]
  if (SIGNING_KEY_ID !== undefined) return [join(KEYS_DIR, `${SIGNING_KEY_ID}.pem`)]
  try {
    return listPrivateKeyIds(KEYS_DIR).map((id) => join(KEYS_DIR, `${id}.pem`))
  } catch {
    return []
  }
}

/** The keys that are not used because of their names. Without any other key, the same sentences are errors. */
function misnamedKeys({ KEYS_DIR }: Config): string[] {
  try {
    return listPrivateKeyIds(KEYS_DIR).length === 0 ? [] : findMisnamedKeys(KEYS_DIR)
  } catch {
    return []
  }
}

function policyTables({ rooms, roles, callers = [], issuers = [] }: PolicyFile): string[] {
  const roleRows = Object.entries(roles).map(([name, role]) => [
    ...[
      name,
      role.moderator ? 'moderator' : 'participant',
      `${role.lifetimeMinutes.default}, at most ${role.lifetimeMinutes.max} min`,
    ],
    ...[
      role.features.join(' ') || 'no features',
      [
        ...(role.shareEmail === true ? ['shares e-mail'] : []),
        ...(role.nameReadonly === false ? ['can change the name'] : []),
      ].join(', '),
      meetingText(role.meeting),
    ],
  ])
  const callerRows = callers.map((caller) => [
    ...[caller.id, `${caller.apiKeySha256.length} keys`, caller.roles.join(' '), caller.rooms ?? rooms.pattern],
    caller.scopes.join(' '),
  ])
  const issuerRows = issuers.map(({ issuer, roles: roleMap, rooms: issuerRooms }) => [
    issuer,
    Object.values(roleMap).join(' '),
    issuerRooms,
  ])
  return [
    ...section('Rooms', [rooms.pattern]),
    ...section('Roles', columns(roleRows)),
    ...section('Callers', columns(callerRows)),
    ...section('Issuers', columns(issuerRows)),
  ]
}

/** @returns how the meeting of a role differs from the defaults, on one line */
function meetingText({ toolbar = {}, ...others }: RoleMeeting = {}): string {
  const { add = [], remove = [] } = toolbar
  const buttons = [...add.map((button) => `+${button}`), ...remove.map((button) => `-${button}`)]
  return [...buttons, ...Object.entries(others).map(([name, value]) => `${name}=${value}`)].join(' ')
}

/** @returns the policy with the number of API keys instead of their hashes, which no reader needs */
function policyData(policy: PolicyFile | undefined): object | undefined {
  if (policy === undefined) return undefined
  const callers = (policy.callers ?? []).map(({ apiKeySha256, ...caller }) => ({
    ...caller,
    apiKeys: apiKeySha256.length,
  }))
  return { ...policy, callers }
}
