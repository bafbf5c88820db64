import { FEATURES } from '../../contract/tokens/features.ts'
import { BUTTONS } from '../../contract/policy/meeting-policy.ts'
import { missingRight } from '../meetings/toolbar.ts'
import { propertyOf, stringPropertiesOf } from './json-properties.ts'
import { displayName, isHttpsUrl } from '../person.ts'

/**
 * Finds the errors in the meeting of a role that the schema cannot express.
 * @param at JSON Pointer of the meeting
 * @param role the role as parsed; it may violate the schema
 * @returns one sentence for each error, which begins with its JSON Pointer
 */
export function* meetingFaults(at: string, role: unknown): Generator<string> {
  const meeting = propertyOf(role, 'meeting')
  yield* toolbarFaults(`${at}/toolbar`, role, propertyOf(meeting, 'toolbar'))
  const subject = propertyOf(meeting, 'subject')
  if (typeof subject === 'string' && displayName(subject) !== subject) {
    yield `${at}/subject: must be in Unicode NFC, without leading or trailing spaces, and without control and format characters.`
  }
  const logoUrl = propertyOf(meeting, 'logoUrl')
  if (typeof logoUrl === 'string' && !isHttpsUrl(logoUrl)) yield `${at}/logoUrl: must be an https URL.`
}

function* toolbarFaults(at: string, role: unknown, toolbar: unknown): Generator<string> {
  const features = new Set(stringPropertiesOf(propertyOf(role, 'features')).map(([, feature]) => feature))
  const rights = {
    moderator: propertyOf(role, 'moderator') === true,
    features: FEATURES.filter((feature) => features.has(feature)),
  }
  const added = stringPropertiesOf(propertyOf(toolbar, 'add'))
  for (const [position, name] of added) {
    const button = BUTTONS.find((each) => each === name)
    const right = button === undefined ? undefined : missingRight(button, rights)
    if (right !== undefined)
      yield `${at}/add/${position}: has no effect without ${right}; grant it to the role or remove the button.`
  }
  for (const [position, name] of stringPropertiesOf(propertyOf(toolbar, 'remove'))) {
    if (added.some(([, other]) => other === name))
      yield `${at}/remove/${position}: is also listed in add; remove it from one of the lists.`
  }
}
