import { DEVELOPMENT_APP_ID, JITSI_SETTINGS } from './settings-jitsi.ts'
import type { SettingValues } from './settings.ts'

type Config = Readonly<SettingValues>

/**
 * Finds settings that are valid alone but not together, in every environment.
 * @param errors what is known already; a setting with an error is not reported twice
 */
export const findConflicts = (config: Config, errors: readonly string[]): string[] => [
  ...(config.JITSI_DEPLOYMENT === 'jaas' ? findJaasConflicts(config) : findSelfHostedConflicts(config)),
  ...findPseudonymConflicts(config, errors),
  ...findPageConflicts(config, errors),
]

const findJaasConflicts = (config: Config): string[] =>
  config.JITSI_JWT_SECRET === undefined
    ? []
    : ['JITSI_JWT_SECRET: JaaS accepts only RS256; remove it, or set JITSI_DEPLOYMENT=self-hosted.']

function findSelfHostedConflicts(config: Config): string[] {
  const found: string[] = []
  if (config.JITSI_APP_ID === undefined)
    found.push('JITSI_APP_ID: self-hosted Jitsi requires it; set it to the app_id of Prosody.')
  if (config.JITSI_DOMAIN === JITSI_SETTINGS.JITSI_DOMAIN.fallback)
    found.push('JITSI_DOMAIN: self-hosted Jitsi requires it; set it to the host that serves the meetings.')
  if (config.JAAS_MANAGEMENT === 'on')
    found.push('JAAS_MANAGEMENT: only JaaS has management endpoints; remove it, or set JITSI_DEPLOYMENT=jaas.')
  return found
}

function findPseudonymConflicts(config: Config, errors: readonly string[]): string[] {
  const [isRequired, isSet] = [config.AUDIT_PSEUDONYMS === 'hmac', config.AUDIT_PSEUDONYM_KEY !== undefined]
  if (isRequired === isSet || errors.some((error) => error.startsWith('AUDIT_PSEUDONYM'))) return []
  return [
    isRequired
      ? 'AUDIT_PSEUDONYM_KEY: AUDIT_PSEUDONYMS=hmac requires it; create one with openssl rand -base64 48.'
      : 'AUDIT_PSEUDONYM_KEY: is used only with AUDIT_PSEUDONYMS=hmac; set that, or remove the key.',
  ]
}

function findPageConflicts({ PAGE_OIDC_ISSUER, PAGE_OIDC_CLIENT_ID }: Config, errors: readonly string[]): string[] {
  const isComplete = (PAGE_OIDC_ISSUER === undefined) === (PAGE_OIDC_CLIENT_ID === undefined)
  if (isComplete || errors.some((error) => error.startsWith('PAGE_OIDC_'))) return []
  const [missing, present] =
    PAGE_OIDC_ISSUER === undefined
      ? ['PAGE_OIDC_ISSUER', 'PAGE_OIDC_CLIENT_ID']
      : ['PAGE_OIDC_CLIENT_ID', 'PAGE_OIDC_ISSUER']
  return [`${missing}: ${present} requires it; set both, or neither.`]
}

/** Finds settings that production refuses. @param errors as for `findConflicts` */
export function findProductionErrors(config: Config, errors: readonly string[]): string[] {
  const isReported = (name: string) => errors.some((error) => error.startsWith(`${name}:`))
  const found: string[] = []
  if (config.JITSI_DEPLOYMENT === 'jaas' && !isReported('JAAS_APP_ID') && isPlaceholder(config.JAAS_APP_ID))
    found.push('JAAS_APP_ID: production requires the real AppID; copy it from the JaaS console.')
  if (!isReported('POLICY_FILE') && config.POLICY_FILE === undefined)
    found.push(
      'POLICY_FILE: production requires a policy that names its callers; set it to the path of a policy in YAML.',
    )
  for (const name of ['PUBLIC_URL', 'PAGE_LOGO_URL', 'PAGE_OIDC_ISSUER', 'EMR_DOCUMENTS_URL'] as const)
    if (config[name]?.startsWith('http:') === true)
      found.push(`${name}: production refuses http, which is not encrypted; set an https URL.`)
  if (config.CORS_ORIGINS.includes('*'))
    found.push('CORS_ORIGINS: production refuses *; list the origins whose pages may call.')
  if (config.JAAS_MANAGEMENT_URL.startsWith('http:'))
    found.push('JAAS_MANAGEMENT_URL: production refuses http, which is not encrypted; set an https origin.')
  if (config.CORS_ORIGINS.some((origin) => origin.startsWith('http:')))
    found.push('CORS_ORIGINS: production refuses http origins; list https origins.')
  return found
}

/** Whether an AppID is the development placeholder, or repeats one character. */
const isPlaceholder = (appId: string): boolean =>
  appId === DEVELOPMENT_APP_ID || new Set(appId.slice('vpaas-magic-cookie-'.length)).size === 1
