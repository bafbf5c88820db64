import type { Feature } from '../../contract/tokens/features.ts'
import type { RolePolicy } from '../../contract/policy/policy.ts'
import { type Button, BUTTONS } from '../../contract/policy/meeting-policy.ts'

/** Who has a button unless the policy says otherwise, and what nobody can have it without. */
type Rule = {
  for: 'all' | 'moderators' | 'nobody'
  /** It does nothing for anybody else: the server refuses. */
  moderator?: true
  /** It does nothing without one of these in the token. */
  features?: readonly Feature[]
}

const ALL: Rule = { for: 'all' }
const MODERATORS: Rule = { for: 'moderators' }
const RIGHT_OF_MODERATORS: Rule = { for: 'moderators', moderator: true }
const hasRight = (...features: Feature[]): Rule => ({ for: 'all', features })

/** A button that comes with a feature is for whoever has the feature. */
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

/** What a role is, as far as its toolbar goes. */
type Role = Pick<RolePolicy, 'moderator' | 'features' | 'meeting'>

/** @returns what a role lacks for a button, in words; undefined where it lacks nothing */
export function missingRight(button: Button, { moderator, features }: Pick<Role, 'moderator' | 'features'>) {
  const needs = RULES[button]
  if (needs.moderator === true && !moderator) return 'moderator: true'
  if (needs.features === undefined || needs.features.some((feature) => features.includes(feature))) return undefined
  return `the feature ${needs.features.join(' or ')}`
}

/**
 * The buttons of a role: what its moderator and features make of it, with what its policy adds and without what that
 * removes. A button that the role could not use is never among them.
 * @returns buttons in the order of BUTTONS
 */
export function toolbarOf(role: Role): Button[] {
  const { add = [], remove = [] } = role.meeting?.toolbar ?? {}
  const removed = new Set<Button>(remove)
  return BUTTONS.filter((button) => {
    const { for: whom } = RULES[button]
    const given = whom === 'all' || (whom === 'moderators' && role.moderator) || add.includes(button)
    return given && !removed.has(button) && missingRight(button, role) === undefined
  })
}
