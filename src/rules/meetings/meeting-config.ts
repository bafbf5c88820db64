import type { ConfigOverwrite } from '../../contract/meetings/config-overwrite.ts'
import type { MeetingConfig, Network } from '../../contract/meetings/meeting-config.ts'
import type { RolePolicy } from '../../contract/policy/policy.ts'
import type { Button, RoleMeeting } from '../../contract/policy/meeting-policy.ts'
import { mediaConfig } from './media.ts'
import { toolbarOf } from './toolbar.ts'

/** The properties of a role that determine its meeting configuration. */
type Role = Pick<RolePolicy, 'moderator' | 'features' | 'meeting'>

/**
 * Returns the meeting configuration of a role: how the meeting looks and sounds.
 *
 * It is not an access control. It is passed to Jitsi's client in the participant's browser, and the participant can change
 * every option or use another client. Only the token restricts access: the server enforces its room, `moderator` and
 * `features`.
 * @param network the network quality, as the page measured it
 * @returns options of JitsiMeetExternalAPI without null and undefined
 */
export function meetingConfigOf(role: Role, network: Network): MeetingConfig {
  const cachedConfigs = meetingConfigCache.get(role) ?? {}
  const cached = cachedConfigs[network]
  if (cached !== undefined) return cached
  const config = createMeetingConfig(role, network)
  meetingConfigCache.set(role, { ...cachedConfigs, [network]: config })
  return config
}

/** The configurations by role object: all answers for a role of the current policy share them. */
const meetingConfigCache = new WeakMap<Role, Partial<Record<Network, MeetingConfig>>>()

function createMeetingConfig(role: Role, network: Network): MeetingConfig {
  const buttons = new Set(toolbarOf(role))
  const meeting = role.meeting ?? {}
  return {
    configOverwrite: {
      ...screenConfig(role, buttons),
      ...rightsConfig(role, buttons),
      ...mediaConfig(meeting, network),
      ...privacyConfig(meeting),
      ...brandConfig(meeting),
    },
    interfaceConfigOverwrite: {
      // Without `profile`, because the token defines the name, and without `calendar`, because it contacts other services.
      SETTINGS_SECTIONS: [
        'devices',
        'language',
        'sounds',
        ...(role.moderator ? ['moderator', 'shortcuts', 'more'] : []),
      ],
      // A doctor must see the whole video; by default, Jitsi crops it to fill the screen.
      VIDEO_LAYOUT_FIT: 'nocrop',
      TILE_VIEW_MAX_COLUMNS: 2,
      DISABLE_PRIVATE_MESSAGES: !role.features.includes('send-private-message'),
      DISABLE_JOIN_LEAVE_NOTIFICATIONS: false,
    },
  }
}

/** Options for the screen before and during the meeting. */
const screenConfig = ({ moderator, meeting }: Role, buttons: ReadonlySet<Button>): ConfigOverwrite => ({
  toolbarButtons: [...buttons],
  toolbarConfig: { alwaysVisible: true },
  // Participants see their own video before others see it.
  prejoinConfig: {
    enabled: meeting?.prejoin ?? true,
    hideDisplayName: true,
    hideExtraJoinButtons: ['no-audio', 'by-phone'],
  },
  hiddenPremeetingButtons: ['invite', ...(buttons.has('select-background') ? [] : ['select-background'])],
  lobby: { autoKnock: true, enableChat: buttons.has('chat') },
  participantsPane: {
    enabled: buttons.has('participants-pane'),
    hideModeratorSettingsTab: !moderator,
    hideMoreActionsButton: !moderator,
    hideMuteAllButton: !moderator,
  },
  // All participants see that a connection is bad. Only moderators see details, and nobody sees network addresses.
  connectionIndicators: { disabled: false, disableDetails: !moderator },
  disableShowMoreStats: true,
  speakerStats: { disabled: !buttons.has('stats') },
  disableChat: !buttons.has('chat'),
  disableReactions: true,
  whiteboard: { enabled: buttons.has('whiteboard') },
})

/** Options for actions on other participants. Granting moderator rights is off, because only a token may grant them. */
const rightsConfig = ({ moderator, features }: Role, buttons: ReadonlySet<Button>): ConfigOverwrite => ({
  securityUi: { hideLobbyButton: !moderator, disableLobbyPassword: !moderator },
  remoteVideoMenu: {
    disabled: !moderator,
    disableKick: !moderator,
    disableGrantModerator: true,
    disableDemote: true,
    ...(features.includes('send-private-message') ? {} : { disablePrivateChat: 'all' }),
  },
  disableRemoteMute: !moderator,
  disableSelfDemote: true,
  disableRemoteControl: true,
  // A token is valid for one room only.
  breakoutRooms: { hideAddRoomButton: true, hideAutoAssignButton: true, hideJoinRoomButton: true },
  disableInviteFunctions: !buttons.has('invite'),
  recordingService: { ...(features.includes('recording') ? {} : { enabled: false }), sharingEnabled: false },
  liveStreaming: { enabled: features.includes('livestreaming') },
  // A recording in the browser would not be subject to the policy.
  localRecording: { disable: true, disableSelfRecording: true, notifyAllParticipants: true },
})

/** Options for privacy: no requests to other servers, no measurements of participants, and no change of the name in the token. */
const privacyConfig = ({ avatars = false }: RoleMeeting): ConfigOverwrite => ({
  disableDeepLinking: true,
  deeplinking: { disabled: true },
  disableThirdPartyRequests: !avatars,
  analytics: { disabled: true, rtcstatsEnabled: false, watchRTCEnabled: false },
  gravatar: { disabled: true },
  giphy: { enabled: false },
  enableCalendarIntegration: false,
  enableDisplayNameInStats: false,
  enableEmailInStats: false,
  feedbackPercentage: 0,
  faceLandmarks: {
    enableFaceCentering: false,
    enableFaceExpressionsDetection: false,
    enableDisplayFaceExpressions: false,
    enableRTCStats: false,
  },
  screenshotCapture: { enabled: false },
  doNotStoreRoom: true,
  // Browsers can block the storage of embedded pages. Without the stored device id, JaaS counts a new user for each meeting.
  useHostPageLocalStorage: true,
  disableProfile: true,
  readOnlyName: true,
  hideEmailInSettings: true,
})

/** Options for the subject and the logo. Without a subject, Jitsi would show the room name, which can contain personal ids. */
const brandConfig = ({ subject, logoUrl }: RoleMeeting): ConfigOverwrite => ({
  hideConferenceSubject: subject === undefined,
  ...(subject === undefined ? {} : { localSubject: subject }),
  ...(logoUrl === undefined ? {} : { defaultLogoUrl: logoUrl }),
})
