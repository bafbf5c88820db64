import { readFileSync } from 'node:fs'
import { closest } from 'fastest-levenshtein'
import { type Deployment, hostOf, jaas, selfHosted } from '../rules/tokens/deployment.ts'
import { explainFileError } from '../rules/file-error.ts'
import { OperatorError } from '../service/fault.ts'
import { explainText, isQuoted } from './explain.ts'
import { warnOfTlsMode } from './database-url.ts'
import { findConflicts, findProductionErrors } from './combinations.ts'
import { PREFIXES, SETTINGS, type SettingValues } from './settings.ts'

/** The configuration: read once, never changed. */
export type Config = Readonly<SettingValues>

/** Everything that prevents the start, reported at once. */
export class ConfigurationError extends OperatorError {
  override name = 'ConfigurationError'

  /** @param errors sentences, each with the name of the setting and the fix */
  constructor(errors: readonly string[]) {
    super(errors)
    this.message = `The service cannot start; ${errors.length} to fix:\n${errors.map((error) => `- ${error}`).join('\n')}`
  }
}

/** The configuration, with the default in place of each invalid value; the errors; the warnings. */
export type ConfigResult = { config: Config; errors: string[]; warnings: string[] }

/**
 * Reads the configuration. An empty variable counts as unset. Errors and warnings never contain a value.
 * @param env the environment variables; a secret can also come from the file that `<NAME>_FILE` names
 */
export function readConfig(env: NodeJS.ProcessEnv): ConfigResult {
  const [errors, warnings]: [string[], string[]] = [[], []]
  const values = Object.entries(SETTINGS).map(([name, setting]) => {
    const isSecret = 'secret' in setting
    const text = isSecret ? readSecret(env, name, errors) : env[name]
    if (text === undefined || text === '') return [name, setting.fallback]
    const value = isQuoted(text) ? undefined : setting.read(text)
    if (value === undefined) {
      const isValid = (other: string) => setting.read(other) !== undefined
      errors.push(`${name}: ${explainText(name, text, setting.rule, isValid)}`)
    } else if (isSecret && /\s/.test(text)) {
      warnings.push(`${name}: contains a blank or a line break, which is a part of the value; check that it is meant.`)
    }
    return [name, value ?? setting.fallback]
  })
  const config = Object.freeze(Object.fromEntries(values) as SettingValues)
  // An invalid NODE_ENV is most often a misspelt `production`.
  const production = config.NODE_ENV === 'production' || errors.some((error) => error.startsWith('NODE_ENV:'))
  return {
    config: production ? Object.freeze({ ...config, NODE_ENV: 'production' }) : config,
    errors: [...errors, ...findConflicts(config, errors), ...(production ? findProductionErrors(config, errors) : [])],
    warnings: [...warnings, ...warnOfTlsMode(config.DATABASE_URL), ...Object.keys(env).flatMap(findUnknownSetting)],
  }
}

function readSecret(env: NodeJS.ProcessEnv, name: string, errors: string[]): string | undefined {
  const [text, path] = [env[name], env[`${name}_FILE`]]
  if (path === undefined || path === '') return trimSecret(name, text, errors)
  if (text !== undefined && text !== '') {
    errors.push(`${name}: both ${name} and ${name}_FILE are set; set only one of them.`)
    return undefined
  }
  try {
    return trimSecret(`${name}_FILE`, readFileSync(path, 'utf8'), errors)
  } catch (error) {
    errors.push(`${name}_FILE: ${explainFileError(error, 'file')}`)
    return undefined
  }
}

/** Removes the line break that editors and `echo` append. A secret of blanks only is an error and not an unset secret. */
function trimSecret(source: string, text: string | undefined, errors: string[]): string | undefined {
  const secret = text?.trim()
  const isFile = source.endsWith('_FILE')
  if (secret === '' && (isFile || text !== '')) errors.push(`${source}: contains no secret; set a value, or remove it.`)
  return secret
}

/** Warns of a variable that begins like a setting but is none. */
function findUnknownSetting(name: string): string[] {
  const names = Object.entries(SETTINGS).flatMap(([each, setting]) =>
    'secret' in setting ? [each, `${each}_FILE`] : [each],
  )
  const prefix = name.slice(0, name.indexOf('_') + 1)
  if (names.includes(name) || !PREFIXES.has(prefix)) return []
  return [`${name} is not a setting; the nearest name is ${closest(name, names)}.`]
}

/** The port of the metrics in production if the settings name neither a port nor a token. */
const PRODUCTION_METRICS_PORT = 9464

/** @returns the separate port of the metrics; undefined if they are served on the port of the service */
export function metricsPortOf({ NODE_ENV, METRICS_PORT, METRICS_TOKEN }: Config): number | undefined {
  // The port of the service may be public. Metrics without a token must not be.
  const isUnprotected = NODE_ENV === 'production' && METRICS_TOKEN === undefined
  return METRICS_PORT ?? (isUnprotected ? PRODUCTION_METRICS_PORT : undefined)
}

/** The Jitsi deployment that the settings describe. */
export function deploymentOf(config: Config): Deployment {
  if (config.JITSI_DEPLOYMENT === 'jaas') return jaas(config.JAAS_APP_ID, config.JITSI_DOMAIN)
  return selfHosted({
    domain: config.JITSI_DOMAIN,
    issuer: config.JITSI_JWT_ISSUER ?? config.JITSI_APP_ID ?? '',
    audience: config.JITSI_JWT_AUDIENCE,
    subject: config.JITSI_JWT_SUBJECT ?? hostOf(config.JITSI_DOMAIN),
    algorithm: config.JITSI_JWT_SECRET === undefined ? 'RS256' : 'HS256',
    verifiesDomain: config.JITSI_DOMAIN_VERIFICATION === 'on',
  })
}
