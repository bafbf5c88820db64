import { type Static, type TProperties, Type } from '@sinclair/typebox'

// Every member stands on Jitsi's lists of what a page may overwrite (configWhitelist.ts, isEmbeddedConfigWhitelist.ts and
// interfaceConfigWhitelist.ts, 2026); whatever else a page sends, Jitsi drops without a word.

const flag = Type.Boolean()
const words = Type.Array(Type.String())
const count = Type.Integer()
const group = <T extends TProperties>(members: T) => Type.Partial(Type.Object(members))

const bitrates = group({
  maxBitratesVideo: group({ low: count, standard: count, high: count, fullHd: count, ssHigh: count }),
})

const AUDIO = {
  audioQuality: group({ stereo: flag, opusMaxAverageBitrate: count, enableOpusDtx: flag }),
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
  resolution: count,
  constraints: group({ video: group({ height: group({ ideal: count, max: count, min: count }) }) }),
  videoQuality: group({
    codecPreferenceOrder: words,
    mobileCodecPreferenceOrder: words,
    vp8: bitrates,
    vp9: bitrates,
    h264: bitrates,
    av1: bitrates,
  }),
  disableSimulcast: flag,
  channelLastN: count,
  startLowBandwidthMode: flag,
  p2p: group({
    enabled: flag,
    iceTransportPolicy: Type.Unsafe<'all' | 'relay'>(Type.String({ enum: ['all', 'relay'] })),
    codecPreferenceOrder: words,
    mobileCodecPreferenceOrder: words,
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
  feedbackPercentage: count,
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
  toolbarButtons: words,
  toolbarConfig: group({ alwaysVisible: flag }),
  prejoinConfig: group({ enabled: flag, hideDisplayName: flag, hideExtraJoinButtons: words }),
  hiddenPremeetingButtons: words,
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

/** Option configOverwrite of JitsiMeetExternalAPI. */
export const ConfigOverwrite = Type.Partial(Type.Object({ ...ROLE, ...AUDIO, ...VIDEO, ...PRIVACY, ...BRANDING }), {
  $id: 'ConfigOverwrite',
  description: 'Option configOverwrite of JitsiMeetExternalAPI, to be handed on as it is.',
})
export type ConfigOverwrite = Static<typeof ConfigOverwrite>

/** Option interfaceConfigOverwrite of JitsiMeetExternalAPI. */
export const InterfaceConfigOverwrite = Type.Partial(
  Type.Object({
    SETTINGS_SECTIONS: words,
    VIDEO_LAYOUT_FIT: Type.String(),
    TILE_VIEW_MAX_COLUMNS: count,
    DISABLE_PRIVATE_MESSAGES: flag,
    DISABLE_JOIN_LEAVE_NOTIFICATIONS: flag,
  }),
  {
    $id: 'InterfaceConfigOverwrite',
    description: 'Option interfaceConfigOverwrite of JitsiMeetExternalAPI, to be handed on as it is.',
  },
)
export type InterfaceConfigOverwrite = Static<typeof InterfaceConfigOverwrite>
