import { type Static, type TProperties, Type } from '@sinclair/typebox'

// Every property is on Jitsi's lists of options that a page may overwrite (configWhitelist.ts,
// isEmbeddedConfigWhitelist.ts and interfaceConfigWhitelist.ts, 2026). Jitsi silently ignores all other options.

const flag = Type.Boolean()
const strings = Type.Array(Type.String())
const integer = Type.Integer()
const group = <T extends TProperties>(properties: T) => Type.Partial(Type.Object(properties))

const bitrates = group({
  maxBitratesVideo: group({ low: integer, standard: integer, high: integer, fullHd: integer, ssHigh: integer }),
})

const AUDIO = {
  audioQuality: group({ stereo: flag, opusMaxAverageBitrate: integer, enableOpusDtx: flag }),
  enableOpusRed: flag,
  disableAP: flag,
  disableAEC: flag,
  disableNS: flag,
  disableAGC: flag,
  enableNoAudioDetection: flag,
  enableNoisyMicDetection: flag,
  enableTalkWhileMuted: flag,
}

const VIDEO = {
  resolution: integer,
  constraints: group({ video: group({ height: group({ ideal: integer, max: integer, min: integer }) }) }),
  videoQuality: group({
    codecPreferenceOrder: strings,
    mobileCodecPreferenceOrder: strings,
    vp8: bitrates,
    vp9: bitrates,
    h264: bitrates,
    av1: bitrates,
  }),
  disableSimulcast: flag,
  channelLastN: integer,
  startLowBandwidthMode: flag,
  p2p: group({
    enabled: flag,
    iceTransportPolicy: Type.Unsafe<'all' | 'relay'>(Type.String({ enum: ['all', 'relay'] })),
    codecPreferenceOrder: strings,
    mobileCodecPreferenceOrder: strings,
  }),
}

const PRIVACY = {
  disableDeepLinking: flag,
  deeplinking: group({ disabled: flag }),
  disableThirdPartyRequests: flag,
  analytics: group({ disabled: flag, rtcstatsEnabled: flag, watchRTCEnabled: flag }),
  gravatar: group({ disabled: flag }),
  giphy: group({ enabled: flag }),
  enableCalendarIntegration: flag,
  enableDisplayNameInStats: flag,
  enableEmailInStats: flag,
  feedbackPercentage: integer,
  faceLandmarks: group({
    enableFaceCentering: flag,
    enableFaceExpressionsDetection: flag,
    enableDisplayFaceExpressions: flag,
    enableRTCStats: flag,
  }),
  screenshotCapture: group({ enabled: flag }),
  localRecording: group({ disable: flag, disableSelfRecording: flag, notifyAllParticipants: flag }),
  doNotStoreRoom: flag,
  useHostPageLocalStorage: flag,
  disableProfile: flag,
  readOnlyName: flag,
  hideEmailInSettings: flag,
  disableShowMoreStats: flag,
  disableRemoteControl: flag,
}

const BRANDING = { hideConferenceSubject: flag, localSubject: Type.String(), defaultLogoUrl: Type.String() }

const ROLE = {
  toolbarButtons: strings,
  toolbarConfig: group({ alwaysVisible: flag }),
  prejoinConfig: group({ enabled: flag, hideDisplayName: flag, hideExtraJoinButtons: strings }),
  hiddenPremeetingButtons: strings,
  lobby: group({ autoKnock: flag, enableChat: flag }),
  securityUi: group({ hideLobbyButton: flag, disableLobbyPassword: flag }),
  participantsPane: group({
    enabled: flag,
    hideModeratorSettingsTab: flag,
    hideMoreActionsButton: flag,
    hideMuteAllButton: flag,
  }),
  remoteVideoMenu: group({
    disabled: flag,
    disableKick: flag,
    disableGrantModerator: flag,
    disableDemote: flag,
    disablePrivateChat: Type.String(),
  }),
  disableRemoteMute: flag,
  disableSelfDemote: flag,
  breakoutRooms: group({ hideAddRoomButton: flag, hideAutoAssignButton: flag, hideJoinRoomButton: flag }),
  connectionIndicators: group({ disabled: flag, disableDetails: flag }),
  speakerStats: group({ disabled: flag }),
  disableChat: flag,
  disableReactions: flag,
  disableInviteFunctions: flag,
  whiteboard: group({ enabled: flag }),
  recordingService: group({ enabled: flag, sharingEnabled: flag }),
  liveStreaming: group({ enabled: flag }),
}

/** The option configOverwrite of JitsiMeetExternalAPI. */
export const ConfigOverwrite = Type.Partial(Type.Object({ ...ROLE, ...AUDIO, ...VIDEO, ...PRIVACY, ...BRANDING }), {
  $id: 'ConfigOverwrite',
  description: 'The option configOverwrite of JitsiMeetExternalAPI. Pass it on unchanged.',
})
export type ConfigOverwrite = Static<typeof ConfigOverwrite>

/** The option interfaceConfigOverwrite of JitsiMeetExternalAPI. */
export const InterfaceConfigOverwrite = Type.Partial(
  Type.Object({
    SETTINGS_SECTIONS: strings,
    VIDEO_LAYOUT_FIT: Type.String(),
    TILE_VIEW_MAX_COLUMNS: integer,
    DISABLE_PRIVATE_MESSAGES: flag,
    DISABLE_JOIN_LEAVE_NOTIFICATIONS: flag,
  }),
  {
    $id: 'InterfaceConfigOverwrite',
    description: 'The option interfaceConfigOverwrite of JitsiMeetExternalAPI. Pass it on unchanged.',
  },
)
export type InterfaceConfigOverwrite = Static<typeof InterfaceConfigOverwrite>
