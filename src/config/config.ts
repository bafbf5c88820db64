import { OperatorError } from '../service/fault.ts'
import { readFileSync } from 'node:fs'
import { closest } from 'fastest-levenshtein'
import { type Deployment, hostOf, jaas, selfHosted } from '../rules/tokens/deployment.ts'
import type { Setting } from './setting.ts'
import { PREFIXES, SETTINGS } from './settings.ts'
import { DEVELOPMENT_APP_ID } from './settings-jitsi.ts'

/** The value of every setting, by the name of its variable. */
type Values = { [Name in keyof typeof SETTINGS]: (typeof SETTINGS)[Name] extends Setting<infer T> ? T : never }

/** The configuration: read once, never changed. */
export type Config = Readonly<Values>

/** All that is wrong with the configuration, told at once. */
export class ConfigurationError extends OperatorError {
  override name = 'ConfigurationError'

  /** @param errors sentences, each with the setting's name and what to change */
  constructor(errors: readonly string[]) {
    super(errors)
    this.message = `The service cannot start; ${errors.length} to fix:\n${errors.map((error) => `- ${error}`).join('\n')}`
  }
}

/** What the environment says: the configuration, with defaults in place of what is faulty; the faults; warnings. */
export type ConfigResult = { config: Config; errors: string[]; warnings: string[] }

/**
 * Reads the environment. An empty variable counts as unset; no value is ever part of a fault.
 * @param env the environment; a secret may stand in the file that `<NAME>_FILE` names
 */
export function readConfig(env: NodeJS.ProcessEnv): ConfigResult {
  const faults: string[] = []
  const values = Object.entries(SETTINGS).map(([name, setting]) => {
    const text = 'secret' in setting ? secretText(env, name, faults) : env[name]
    const value = text === undefined || text === '' ? setting.fallback : setting.read(text)
    if (value === undefined && text !== undefined && text !== '') faults.push(`${name}: must be ${setting.rule}.`)
    return [name, value ?? setting.fallback]
  })
  const config = Object.freeze(Object.fromEntries(values) as Values)
  // Whoever misspells NODE_ENV means production more often than not.
  const production = config.NODE_ENV === 'production' || faults.some((fault) => fault.startsWith('NODE_ENV:'))
  return {
    config: production ? Object.freeze({ ...config, NODE_ENV: 'production' }) : config,
    errors: [
      ...faults,
      ...deploymentFaults(config),
      ...pseudonymFaults(config, faults),
      ...(production ? findWeakSettings(config, faults) : []),
    ],
    warnings: Object.keys(env).flatMap(findUnknownSettings),
  }
}

function secretText(env: NodeJS.ProcessEnv, name: string, faults: string[]): string | undefined {
  const [text, path] = [env[name], env[`${name}_FILE`]]
  if (path === undefined || path === '') return text
  if (text !== undefined && text !== '') {
    faults.push(`${name}: is set, and ${name}_FILE too; set one of them.`)
    return undefined
  }
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    faults.push(`${name}_FILE: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown fault'}).`)
    return undefined
  }
}

/** What does not go together, in development as in production. */
function deploymentFaults(config: Config): string[] {
  if (config.JITSI_DEPLOYMENT === 'jaas') {
    if (config.JITSI_JWT_SECRET === undefined) return []
    return ['JITSI_JWT_SECRET: JaaS takes RS256 alone; remove it, or set JITSI_DEPLOYMENT=self-hosted.']
  }
  const found: string[] = []
  if (config.JITSI_APP_ID === undefined)
    found.push('JITSI_APP_ID: self-hosted Jitsi needs it; set it to the app_id of Prosody.')
  if (config.JITSI_DOMAIN === SETTINGS.JITSI_DOMAIN.fallback) {
    found.push('JITSI_DOMAIN: self-hosted Jitsi needs it; set it to the host that serves your meetings.')
  }
  if (config.JAAS_MANAGEMENT === 'on')
    found.push('JAAS_MANAGEMENT: JaaS alone has management endpoints; remove it, or set JITSI_DEPLOYMENT=jaas.')
  return found
}

function pseudonymFaults(config: Config, faults: readonly string[]): string[] {
  const [wanted, key] = [config.AUDIT_PSEUDONYMS === 'hmac', config.AUDIT_PSEUDONYM_KEY !== undefined]
  if (wanted === key || faults.some((fault) => fault.startsWith('AUDIT_PSEUDONYM'))) return []
  return [
    wanted
      ? 'AUDIT_PSEUDONYM_KEY: AUDIT_PSEUDONYMS=hmac needs it; make one with openssl rand -base64 48.'
      : 'AUDIT_PSEUDONYM_KEY: is used with AUDIT_PSEUDONYMS=hmac alone; set that, or remove the key.',
  ]
}

/** The Jitsi that the settings describe. */
export function deploymentOf(config: Config): Deployment {
  if (config.JITSI_DEPLOYMENT === 'jaas') return jaas(config.JAAS_APP_ID, config.JITSI_DOMAIN)
  return selfHosted({
    domain: config.JITSI_DOMAIN,
    issuer: config.JITSI_JWT_ISSUER ?? config.JITSI_APP_ID ?? '',
    audience: config.JITSI_JWT_AUDIENCE,
    subject: config.JITSI_JWT_SUBJECT ?? hostOf(config.JITSI_DOMAIN),
    algorithm: config.JITSI_JWT_SECRET === undefined ? 'RS256' : 'HS256',
  })
}

/** What production refuses. */
function findWeakSettings(config: Config, faults: readonly string[]): string[] {
  const told = (name: string) => faults.some((fault) => fault.startsWith(`${name}:`))
  const suffix = config.JAAS_APP_ID.slice('vpaas-magic-cookie-'.length)
  const found: string[] = []
  const onJaas = config.JITSI_DEPLOYMENT === 'jaas'
  if (onJaas && !told('JAAS_APP_ID') && (config.JAAS_APP_ID === DEVELOPMENT_APP_ID || new Set(suffix).size === 1)) {
    found.push('JAAS_APP_ID: production needs the real AppID; copy it from the JaaS console.')
  }
  if (!told('POLICY_FILE') && config.POLICY_FILE === undefined) {
    found.push('POLICY_FILE: production needs a policy that names its callers; point it at the policy in YAML.')
  }
  if (config.CORS_ORIGINS.includes('*')) {
    found.push('CORS_ORIGINS: production refuses *; list the origins whose pages may call.')
  }
  if (config.JAAS_MANAGEMENT_URL.startsWith('http:')) {
    found.push('JAAS_MANAGEMENT_URL: production refuses http, where others read along; name an https origin.')
  }
  const plain = config.CORS_ORIGINS.some((origin) => origin.startsWith('http:'))
  if (plain) found.push('CORS_ORIGINS: production refuses http origins; list https ones.')
  return found
}

function findUnknownSettings(name: string): string[] {
  const names = Object.entries(SETTINGS).flatMap(([each, setting]) =>
    'secret' in setting ? [each, `${each}_FILE`] : [each],
  )
  if (names.includes(name) || !PREFIXES.some((prefix) => name.startsWith(prefix))) return []
  return [`${name} is not a setting; the nearest one is ${closest(name, names)}.`]
}
