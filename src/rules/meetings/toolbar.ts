import type { Feature } from '../../contract/tokens/features.ts'
import type { RolePolicy } from '../../contract/policy/policy.ts'
import { type Button, BUTTONS } from '../../contract/policy/meeting-policy.ts'

/** Which roles get a button by default, and which right the button needs. */
type Rule = {
  defaultFor: 'all' | 'moderators' | 'nobody'
  /** Only moderators can use the button: the server refuses its action to others. */
  moderator?: true
  /** The button needs one of these features in the token. */
  features?: readonly Feature[]
}

const ALL: Rule = { defaultFor: 'all' }
const MODERATORS: Rule = { defaultFor: 'moderators' }
const NEEDS_MODERATOR: Rule = { defaultFor: 'moderators', moderator: true }
/** Every role that has one of the features gets the button. */
const needsFeature = (...features: Feature[]): Rule => ({ defaultFor: 'all', features })

const RULES: Record<Button, Rule> = {
  microphone: ALL,
  camera: ALL,
  'toggle-camera': MODERATORS,
  desktop: needsFeature('screen-sharing'),
  shareaudio: { defaultFor: 'nobody', features: ['screen-sharing'] },
  chat: needsFeature('send-groupchat', 'send-private-message'),
  filesharing: needsFeature('file-upload'),
  raisehand: ALL,
  'participants-pane': MODERATORS,
  tileview: MODERATORS,
  videoquality: ALL,
  fullscreen: MODERATORS,
  'select-background': MODERATORS,
  noisesuppression: MODERATORS,
  closedcaptions: MODERATORS,
  recording: needsFeature('recording'),
  livestreaming: needsFeature('livestreaming'),
  polls: needsFeature('create-polls'),
  whiteboard: { defaultFor: 'nobody' },
  invite: needsFeature('outbound-call', 'sip-outbound-call'),
  'mute-everyone': NEEDS_MODERATOR,
  'mute-video-everyone': NEEDS_MODERATOR,
  security: NEEDS_MODERATOR,
  stats: MODERATORS,
  settings: ALL,
  shortcuts: MODERATORS,
  hangup: ALL,
}

/** The properties of a role that determine its toolbar. */
type Role = Pick<RolePolicy, 'moderator' | 'features' | 'meeting'>

/** @returns the right that a role needs for a button and does not have, as text for people; undefined if it has it */
export function missingRight(button: Button, { moderator, features }: Pick<Role, 'moderator' | 'features'>) {
  const rule = RULES[button]
  if (rule.moderator === true && !moderator) return 'moderator: true'
  if (rule.features === undefined || rule.features.some((feature) => features.includes(feature))) return undefined
  return `the feature ${rule.features.join(' or ')}`
}

/**
 * Lists the buttons of a role: its default buttons, plus those that the policy adds, minus those that the policy removes.
 * Buttons that the role has no right to use are left out.
 * @returns buttons in the order of `BUTTONS`
 */
export function toolbarOf(role: Role): Button[] {
  const { add = [], remove = [] } = role.meeting?.toolbar ?? {}
  const removed = new Set<Button>(remove)
  return BUTTONS.filter((button) => {
    const { defaultFor } = RULES[button]
    const isDefault = defaultFor === 'all' || (defaultFor === 'moderators' && role.moderator)
    return (isDefault || add.includes(button)) && !removed.has(button) && missingRight(button, role) === undefined
  })
}
