import type { ConfigOverwrite } from '../../contract/meetings/config-overwrite.ts'
import type { MeetingConfig, Network } from '../../contract/meetings/meeting-config.ts'
import type { RolePolicy } from '../../contract/policy/policy.ts'
import type { Button, RoleMeeting } from '../../contract/policy/meeting-policy.ts'
import { mediaConfig } from './media.ts'
import { toolbarOf } from './toolbar.ts'

/** The properties of a role that its meeting depends on. */
type Role = Pick<RolePolicy, 'moderator' | 'features' | 'meeting' | 'nameReadonly'>

/**
 * Creates the options of a meeting for a role.
 *
 * The options are not a security boundary. They run in the client of a participant, who can change every option, restore
 * buttons, or use another client. The boundary is the token: the server enforces its room, `moderator` and `features`.
 * @param network the quality of the caller's network
 * @returns options of JitsiMeetExternalAPI without null and undefined
 */
export function meetingConfigOf(role: Role, network: Network): MeetingConfig {
  const cachedByNetwork = meetingConfigCache.get(role) ?? {}
  const cached = cachedByNetwork[network]
  if (cached !== undefined) return cached
  const config = createMeetingConfig(role, network)
  meetingConfigCache.set(role, { ...cachedByNetwork, [network]: config })
  return config
}

/** The options of each role and network, which are the same in every answer. */
const meetingConfigCache = new WeakMap<Role, Partial<Record<Network, MeetingConfig>>>()

function createMeetingConfig(role: Role, network: Network): MeetingConfig {
  const buttons = new Set(toolbarOf(role))
  const meeting = role.meeting ?? {}
  return {
    configOverwrite: {
      ...screenConfig(role, buttons),
      ...rightsConfig(role, buttons),
      ...mediaConfig(meeting, network),
      ...privacyConfig(role),
      ...brandConfig(meeting),
    },
    interfaceConfigOverwrite: {
      // Without the profile, because the token sets the name, and without the calendar, which contacts other servers.
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

/** The screen before and during the meeting. */
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
  // Everyone sees the connection quality; only moderators see details, and nobody sees addresses.
  connectionIndicators: { disabled: false, disableDetails: !moderator },
  disableShowMoreStats: true,
  speakerStats: { disabled: !buttons.has('stats') },
  disableChat: !buttons.has('chat'),
  disableReactions: true,
  whiteboard: { enabled: buttons.has('whiteboard') },
})

/** Actions on other participants. Nobody can grant moderation, because it would pass on the features of one's own token. */
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
  // A token is valid for one room, so breakout rooms do not work.
  breakoutRooms: { hideAddRoomButton: true, hideAutoAssignButton: true, hideJoinRoomButton: true },
  disableInviteFunctions: !buttons.has('invite'),
  recordingService: { ...(features.includes('recording') ? {} : { enabled: false }), sharingEnabled: false },
  liveStreaming: { enabled: features.includes('livestreaming') },
  // A recording in the browser is not subject to the policy.
  localRecording: { disable: true, disableSelfRecording: true, notifyAllParticipants: true },
})

/** No third-party server is contacted, no analytics are collected, and the name stays that of the token. */
const privacyConfig = ({ meeting, nameReadonly = true }: Role): ConfigOverwrite => ({
  disableDeepLinking: true,
  deeplinking: { disabled: true },
  disableThirdPartyRequests: meeting?.avatars !== true,
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
  // A browser may block the storage of the frame; without its device id, JaaS would count a new user for each consultation.
  useHostPageLocalStorage: true,
  disableProfile: true,
  readOnlyName: nameReadonly,
  hideEmailInSettings: true,
})

/** Without a subject, Jitsi would show the name of the room, which may contain ids. */
const brandConfig = ({ subject, logoUrl }: RoleMeeting): ConfigOverwrite => ({
  hideConferenceSubject: subject === undefined,
  ...(subject === undefined ? {} : { localSubject: subject }),
  ...(logoUrl === undefined ? {} : { defaultLogoUrl: logoUrl }),
})
