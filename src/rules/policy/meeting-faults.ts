import { FEATURES } from '../../contract/tokens/features.ts'
import { BUTTONS } from '../../contract/policy/meeting-policy.ts'
import { missingRight } from '../meetings/toolbar.ts'
import { propertyOf, textsOf } from './json-properties.ts'
import { displayName, isHttpsUrl } from '../person.ts'

/**
 * Finds the errors of the meeting of a role that its schema does not express.
 * @param at the path of the meeting in the policy
 * @param role the parsed role, which may violate the schema
 */
export function* meetingFaults(at: string, role: unknown): Generator<string> {
  const meeting = propertyOf(role, 'meeting')
  yield* toolbarFaults(`${at}/toolbar`, role, propertyOf(meeting, 'toolbar'))
  const subject = propertyOf(meeting, 'subject')
  if (typeof subject === 'string' && displayName(subject) !== subject) {
    yield `${at}/subject: must be trimmed text in Unicode NFC with a letter, digit or emoji and without invisible characters.`
  }
  const logoUrl = propertyOf(meeting, 'logoUrl')
  if (typeof logoUrl === 'string' && !isHttpsUrl(logoUrl)) yield `${at}/logoUrl: must be an https URL.`
}

function* toolbarFaults(at: string, role: unknown, toolbar: unknown): Generator<string> {
  const features = new Set(textsOf(propertyOf(role, 'features')).map(([, feature]) => feature))
  const rights = {
    moderator: propertyOf(role, 'moderator') === true,
    features: FEATURES.filter((feature) => features.has(feature)),
  }
  const added = textsOf(propertyOf(toolbar, 'add'))
  for (const [position, name] of added) {
    const button = BUTTONS.find((each) => each === name)
    const lacks = button === undefined ? undefined : missingRight(button, rights)
    if (lacks !== undefined)
      yield `${at}/add/${position}: has no effect for a role without ${lacks}; remove the button.`
  }
  for (const [position, name] of textsOf(propertyOf(toolbar, 'remove'))) {
    if (added.some(([, other]) => other === name))
      yield `${at}/remove/${position}: is also listed in add; remove it from one of the lists.`
  }
}
