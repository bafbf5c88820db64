import type { Feature } from '../../contract/tokens/features.ts'
import type { RolePolicy } from '../../contract/policy/policy.ts'
import { type Button, BUTTONS } from '../../contract/policy/meeting-policy.ts'

/** The default of a button, and the rights that it requires. */
type Rule = {
  for: 'all' | 'moderators' | 'nobody'
  /** Requires a moderator: the server refuses everyone else. */
  moderator?: true
  /** Requires one of these features in the token. */
  features?: readonly Feature[]
}

const ALL: Rule = { for: 'all' }
const MODERATORS: Rule = { for: 'moderators' }
const RIGHT_OF_MODERATORS: Rule = { for: 'moderators', moderator: true }
const hasRight = (...features: Feature[]): Rule => ({ for: 'all', features })

/** The rule of each button. A button that requires a feature is shown to every role that has the feature. */
const RULES: Record<Button, Rule> = {
  microphone: ALL,
  camera: ALL,
  'toggle-camera': MODERATORS,
  desktop: hasRight('screen-sharing'),
  shareaudio: { for: 'nobody', features: ['screen-sharing'] },
  chat: hasRight('send-groupchat', 'send-private-message'),
  filesharing: hasRight('file-upload'),
  raisehand: ALL,
  'participants-pane': MODERATORS,
  tileview: MODERATORS,
  videoquality: ALL,
  fullscreen: MODERATORS,
  'select-background': MODERATORS,
  noisesuppression: MODERATORS,
  closedcaptions: MODERATORS,
  recording: hasRight('recording'),
  livestreaming: hasRight('livestreaming'),
  polls: hasRight('create-polls'),
  whiteboard: { for: 'nobody' },
  invite: hasRight('outbound-call', 'sip-outbound-call'),
  'mute-everyone': RIGHT_OF_MODERATORS,
  'mute-video-everyone': RIGHT_OF_MODERATORS,
  security: RIGHT_OF_MODERATORS,
  stats: MODERATORS,
  settings: ALL,
  shortcuts: MODERATORS,
  hangup: ALL,
}

/** The properties of a role that its toolbar depends on. */
type Role = Pick<RolePolicy, 'moderator' | 'features' | 'meeting'>

/** @returns the right that a role lacks for a button, as text; undefined if it lacks none */
export function missingRight(button: Button, { moderator, features }: Pick<Role, 'moderator' | 'features'>) {
  const needs = RULES[button]
  if (needs.moderator === true && !moderator) return 'moderator: true'
  if (needs.features === undefined || needs.features.some((feature) => features.includes(feature))) return undefined
  return `the feature ${needs.features.join(' or ')}`
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
    const { for: audience } = RULES[button]
    const isShown = audience === 'all' || (audience === 'moderators' && role.moderator) || add.includes(button)
    return isShown && !removed.has(button) && missingRight(button, role) === undefined
  })
}
