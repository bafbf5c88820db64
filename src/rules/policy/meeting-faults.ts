import { FEATURES } from '../../contract/tokens/features.ts'
import { BUTTONS } from '../../contract/policy/meeting-policy.ts'
import { lacking } from '../meetings/toolbar.ts'
import { member, textsOf } from './json-members.ts'
import { displayName, isHttpsUrl } from '../person.ts'

/**
 * What is wrong with the meeting of a role beyond its shape.
 * @param at where it stands in the policy
 * @param role whatever stood there for a role
 */
export function* meetingFaults(at: string, role: unknown): Generator<string> {
  const meeting = member(role, 'meeting')
  yield* toolbarFaults(`${at}/toolbar`, role, member(meeting, 'toolbar'))
  const subject = member(meeting, 'subject')
  if (typeof subject === 'string' && displayName(subject) !== subject) {
    yield `${at}/subject: must be trimmed text in Unicode NFC, without control, bidirectional or other format characters.`
  }
  const logoUrl = member(meeting, 'logoUrl')
  if (typeof logoUrl === 'string' && !isHttpsUrl(logoUrl)) yield `${at}/logoUrl: must be an https URL.`
}

function* toolbarFaults(at: string, role: unknown, toolbar: unknown): Generator<string> {
  const named = new Set(textsOf(member(role, 'features')).map(([, feature]) => feature))
  const rights = {
    moderator: member(role, 'moderator') === true,
    features: FEATURES.filter((feature) => named.has(feature)),
  }
  const added = textsOf(member(toolbar, 'add'))
  for (const [position, name] of added) {
    const button = BUTTONS.find((each) => each === name)
    const lacks = button === undefined ? undefined : lacking(button, rights)
    if (lacks !== undefined) yield `${at}/add/${position}: does nothing for a role without ${lacks}.`
  }
  for (const [position, name] of textsOf(member(toolbar, 'remove'))) {
    if (added.some(([, other]) => other === name)) yield `${at}/remove/${position}: stands in add too.`
  }
}
