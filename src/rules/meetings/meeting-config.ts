import type { ConfigOverwrite } from '../../contract/meetings/config-overwrite.ts'
import type { MeetingConfig, Network } from '../../contract/meetings/meeting-config.ts'
import type { RolePolicy } from '../../contract/policy/policy.ts'
import type { Button, RoleMeeting } from '../../contract/policy/meeting-policy.ts'
import { mediaConfig } from './media.ts'
import { toolbarOf } from './toolbar.ts'

/** What a role is, as far as its meeting goes. */
type Role = Pick<RolePolicy, 'moderator' | 'features' | 'meeting'>

/**
 * How a meeting looks and sounds for a role.
 *
 * All of it is comfort. The page hands it to Jitsi's client, which runs with whoever is in the meeting: a person can change
 * each word of it, take the buttons back, or leave Jitsi's client aside. The boundary is the token: its room, its
 * `moderator` and its `features`, which the server holds against what is asked of it. Nothing here may stand in for them.
 * @param network as whoever asks has found it
 * @returns options of JitsiMeetExternalAPI, in which nothing is null or undefined
 */
export function meetingConfigOf(role: Role, network: Network): MeetingConfig {
  const known = meetingConfigCache.get(role) ?? {}
  const config = known[network]
  if (config !== undefined) return config
  const fresh = makeMeetingConfig(role, network)
  meetingConfigCache.set(role, { ...known, [network]: fresh })
  return fresh
}

/** What was made for a role of a policy in force; every answer holds the same. */
const meetingConfigCache = new WeakMap<Role, Partial<Record<Network, MeetingConfig>>>()

function makeMeetingConfig(role: Role, network: Network): MeetingConfig {
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
      // Neither the profile, for the name is the token's, nor the calendar, for that asks others.
      SETTINGS_SECTIONS: [
        'devices',
        'language',
        'sounds',
        ...(role.moderator ? ['moderator', 'shortcuts', 'more'] : []),
      ],
      // A doctor sees the whole picture; to fill the screen, Jitsi would cut it.
      VIDEO_LAYOUT_FIT: 'nocrop',
      TILE_VIEW_MAX_COLUMNS: 2,
      DISABLE_PRIVATE_MESSAGES: !role.features.includes('send-private-message'),
      DISABLE_JOIN_LEAVE_NOTIFICATIONS: false,
    },
  }
}

/** What is on the screen, before the meeting and in it. */
const screenConfig = ({ moderator, meeting }: Role, buttons: ReadonlySet<Button>): ConfigOverwrite => ({
  toolbarButtons: [...buttons],
  toolbarConfig: { alwaysVisible: true },
  // Nobody is seen before having seen oneself.
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
  // Everybody sees that a connection is bad; the details are for who runs the visit, addresses for nobody.
  connectionIndicators: { disabled: false, disableDetails: !moderator },
  disableShowMoreStats: true,
  speakerStats: { disabled: !buttons.has('stats') },
  disableChat: !buttons.has('chat'),
  disableReactions: true,
  whiteboard: { enabled: buttons.has('whiteboard') },
})

/** What may be done to others. Making somebody a moderator would hand on the features of one's own token: nobody does. */
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
  // A token is for one room.
  breakoutRooms: { hideAddRoomButton: true, hideAutoAssignButton: true, hideJoinRoomButton: true },
  disableInviteFunctions: !buttons.has('invite'),
  recordingService: { ...(features.includes('recording') ? {} : { enabled: false }), sharingEnabled: false },
  liveStreaming: { enabled: features.includes('livestreaming') },
  // What a browser records stays with it, past every rule of the policy.
  localRecording: { disable: true, disableSelfRecording: true, notifyAllParticipants: true },
})

/** No other server is asked, nothing is measured of anybody, and the name stays that of the token. */
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
  // A browser may let the frame remember nothing; without its device id, JaaS would count a new user at each visit.
  useHostPageLocalStorage: true,
  disableProfile: true,
  readOnlyName: true,
  hideEmailInSettings: true,
})

/** Without a subject Jitsi would show the name of the room, which may hold ids. */
const brandConfig = ({ subject, logoUrl }: RoleMeeting): ConfigOverwrite => ({
  hideConferenceSubject: subject === undefined,
  ...(subject === undefined ? {} : { localSubject: subject }),
  ...(logoUrl === undefined ? {} : { defaultLogoUrl: logoUrl }),
})
