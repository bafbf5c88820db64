import { FEATURES } from '../../contract/tokens/features.ts'
import { BUTTONS } from '../../contract/policy/meeting-policy.ts'
import { buttonsWithoutRight } from '../meetings/toolbar.ts'
import { propertyOf, textsOf } from './json-properties.ts'
import { displayName, isHttpsUrl } from '../person.ts'

/**
 * What is wrong with the meeting of a role beyond its shape.
 * @param at where it stands in the policy
 * @param role whatever stood there for a role
 */
export function* meetingFaults(at: string, role: unknown): Generator<string> {
  const meeting = propertyOf(role, 'meeting')
  yield* toolbarFaults(`${at}/toolbar`, role, propertyOf(meeting, 'toolbar'))
  const subject = propertyOf(meeting, 'subject')
  if (typeof subject === 'string' && displayName(subject) !== subject) {
    yield `${at}/subject: must be trimmed text in Unicode NFC, without control, bidirectional or other format characters.`
  }
  const logoUrl = propertyOf(meeting, 'logoUrl')
  if (typeof logoUrl === 'string' && !isHttpsUrl(logoUrl)) yield `${at}/logoUrl: must be an https URL.`
}

function* toolbarFaults(at: string, role: unknown, toolbar: unknown): Generator<string> {
  const named = new Set(textsOf(propertyOf(role, 'features')).map(([, feature]) => feature))
  const rights = {
    moderator: propertyOf(role, 'moderator') === true,
    features: FEATURES.filter((feature) => named.has(feature)),
  }
  const added = textsOf(propertyOf(toolbar, 'add'))
  for (const [position, name] of added) {
    const button = BUTTONS.find((each) => each === name)
    const lacks = button === undefined ? undefined : buttonsWithoutRight(button, rights)
    if (lacks !== undefined) yield `${at}/add/${position}: does nothing for a role without ${lacks}.`
  }
  for (const [position, name] of textsOf(propertyOf(toolbar, 'remove'))) {
    if (added.some(([, other]) => other === name)) yield `${at}/remove/${position}: stands in add too.`
  }
}
