import type { Feature } from '../../contract/tokens/features.ts'
import type { RolePolicy } from '../../contract/policy/policy.ts'
import { type Button, BUTTONS } from '../../contract/policy/meeting-policy.ts'

/** Which roles get a button by default, and the rights that it requires. */
type Rule = {
  defaultFor: 'all' | 'moderators' | 'nobody'
  /** Requires a moderator: the server refuses everyone else. */
  moderator?: true
  /** Requires one of these features in the token. */
  features?: readonly Feature[]
}

const ALL: Rule = { defaultFor: 'all' }
const MODERATORS: Rule = { defaultFor: 'moderators' }
const REQUIRES_MODERATOR: Rule = { defaultFor: 'moderators', moderator: true }
const requiresFeature = (...features: Feature[]): Rule => ({ defaultFor: 'all', features })

/** The rule of each button. A button that requires a feature is shown to every role that has the feature. */
const RULES: Record<Button, Rule> = {
  microphone: ALL,
  camera: ALL,
  'toggle-camera': MODERATORS,
  desktop: requiresFeature('screen-sharing'),
  shareaudio: { defaultFor: 'nobody', features: ['screen-sharing'] },
  chat: requiresFeature('send-groupchat', 'send-private-message'),
  filesharing: requiresFeature('file-upload'),
  raisehand: ALL,
  'participants-pane': MODERATORS,
  tileview: MODERATORS,
  videoquality: ALL,
  fullscreen: MODERATORS,
  'select-background': MODERATORS,
  noisesuppression: MODERATORS,
  closedcaptions: MODERATORS,
  recording: requiresFeature('recording'),
  livestreaming: requiresFeature('livestreaming'),
  polls: requiresFeature('create-polls'),
  whiteboard: { defaultFor: 'nobody' },
  invite: requiresFeature('outbound-call', 'sip-outbound-call'),
  'mute-everyone': REQUIRES_MODERATOR,
  'mute-video-everyone': REQUIRES_MODERATOR,
  security: REQUIRES_MODERATOR,
  stats: MODERATORS,
  settings: ALL,
  shortcuts: MODERATORS,
  hangup: ALL,
}

/** The properties of a role that its toolbar depends on. */
type Role = Pick<RolePolicy, 'moderator' | 'features' | 'meeting'>

/** @returns the right that a role lacks for a button, as text; undefined if it lacks none */
export function missingRight(button: Button, { moderator, features }: Pick<Role, 'moderator' | 'features'>) {
  const rule = RULES[button]
  if (rule.moderator === true && !moderator) return 'moderator: true'
  if (rule.features === undefined || rule.features.some((feature) => features.includes(feature))) return undefined
  return `the feature ${rule.features.join(' or ')}`
}

/**
 * Lists the buttons of a role: the defaults for its rights, plus those that the policy adds, minus those that it removes. A
 * button that the role cannot use is never included.
 * @returns buttons in the order of BUTTONS
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
