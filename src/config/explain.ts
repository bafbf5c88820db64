const QUOTES = /^["'`\u2018\u201c].*["'`\u2019\u201d]$/su

/** Whether a text is in quotes. `docker run --env-file` and Kubernetes keep the quotes that a shell removes. */
export const isQuoted = (text: string): boolean => text.length > 1 && QUOTES.test(text.trim())

/** The error of a text in quotes, which some settings would accept with them. */
const QUOTED = 'is in quotes, which are a part of the value here; remove them.'

/** Whole kids (`<AppID>/<key id>`), which the JaaS console shows as the API key. */
const KID = /^vpaas-magic-cookie-[0-9a-z]+\/./

const PARTS_OF_KID: Record<string, string> = { JAAS_APP_ID: 'before', SIGNING_KEY_ID: 'after' }

/**
 * Explains why a setting refuses a text: the cause if it is a common mistake, otherwise the rule. The message completes the
 * name of the setting and never contains the text.
 * @param rule completes "must be …"
 * @param isValid whether the setting would accept another text
 */
export function explainText(name: string, text: string, rule: string, isValid: (text: string) => boolean): string {
  const part = PARTS_OF_KID[name]
  if (part !== undefined && KID.test(text.trim()))
    return `is the whole kid, <AppID>/<key id>; set it to the part ${part} the slash.`
  if (text.trim() === '') return 'contains only blanks; set a value, or remove it.'
  if (isQuoted(text)) return QUOTED
  const cause = findCause(text, isValid)
  return cause === undefined ? `must be ${rule}.` : `${cause} It must be ${rule}.`
}

function findCause(text: string, isValid: (text: string) => boolean): string | undefined {
  if (/[\r\n\u2028\u2029]/.test(text.trim())) return 'contains a line break; write the value on one line.'
  if (text !== text.trim()) return 'begins or ends with a blank or a line break; remove it.'
  if (/\p{Cf}|\p{Cc}/u.test(text)) return 'contains an invisible character; type the value instead of copying it.'
  if (/\s#/.test(text)) return 'contains a comment; write comments on lines of their own.'
  if (/\s/.test(text) && isValid(text.replaceAll(/\s/g, ''))) return 'contains a blank; remove it.'
  if (isValid(text.toLowerCase())) return 'must be in lower case.'
  return undefined
}
