/** What every role gets on every network. */
const EVERYWHERE = {
  toolbarConfig: { alwaysVisible: true },
  prejoinConfig: { enabled: true, hideDisplayName: true, hideExtraJoinButtons: ['no-audio', 'by-phone'] },
  lobby: { autoKnock: true, enableChat: true },
  disableShowMoreStats: true,
  disableChat: false,
  disableReactions: true,
  whiteboard: { enabled: false },
  disableSelfDemote: true,
  disableRemoteControl: true,
  breakoutRooms: { hideAddRoomButton: true, hideAutoAssignButton: true, hideJoinRoomButton: true },
  disableInviteFunctions: true,
  liveStreaming: { enabled: false },
  localRecording: { disable: true, disableSelfRecording: true, notifyAllParticipants: true },
  enableOpusRed: true,
  disableAP: false,
  disableAEC: false,
  disableNS: false,
  disableAGC: false,
  enableNoAudioDetection: true,
  enableNoisyMicDetection: true,
  enableTalkWhileMuted: true,
  disableDeepLinking: true,
  deeplinking: { disabled: true },
  disableThirdPartyRequests: true,
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
  useHostPageLocalStorage: true,
  disableProfile: true,
  readOnlyName: true,
  hideEmailInSettings: true,
  hideConferenceSubject: true,
}

const DOCTOR = {
  toolbarButtons: [
    ...['microphone', 'camera', 'toggle-camera', 'desktop', 'chat', 'filesharing', 'raisehand', 'participants-pane'],
    ...[
      'tileview',
      'videoquality',
      'fullscreen',
      'select-background',
      'noisesuppression',
      'closedcaptions',
      'recording',
    ],
    ...['polls', 'mute-everyone', 'mute-video-everyone', 'security', 'stats', 'settings', 'shortcuts', 'hangup'],
  ],
  hiddenPremeetingButtons: ['invite'],
  participantsPane: {
    enabled: true,
    hideModeratorSettingsTab: false,
    hideMoreActionsButton: false,
    hideMuteAllButton: false,
  },
  connectionIndicators: { disabled: false, disableDetails: false },
  speakerStats: { disabled: false },
  securityUi: { hideLobbyButton: false, disableLobbyPassword: false },
  remoteVideoMenu: {
    disabled: false,
    disableKick: false,
    disableGrantModerator: true,
    disableDemote: true,
    disablePrivateChat: 'all',
  },
  disableRemoteMute: false,
  recordingService: { sharingEnabled: false },
}

const PATIENT = {
  toolbarButtons: ['microphone', 'camera', 'chat', 'raisehand', 'videoquality', 'settings', 'hangup'],
  hiddenPremeetingButtons: ['invite', 'select-background'],
  participantsPane: {
    enabled: false,
    hideModeratorSettingsTab: true,
    hideMoreActionsButton: true,
    hideMuteAllButton: true,
  },
  connectionIndicators: { disabled: false, disableDetails: true },
  speakerStats: { disabled: true },
  securityUi: { hideLobbyButton: true, disableLobbyPassword: true },
  remoteVideoMenu: {
    disabled: true,
    disableKick: true,
    disableGrantModerator: true,
    disableDemote: true,
    disablePrivateChat: 'all',
  },
  disableRemoteMute: true,
  recordingService: { enabled: false, sharingEnabled: false },
}

const GOOD = {
  audioQuality: { stereo: false, opusMaxAverageBitrate: 48000, enableOpusDtx: false },
  resolution: 720,
  constraints: { video: { height: { ideal: 720, max: 720, min: 180 } } },
  videoQuality: {
    codecPreferenceOrder: ['VP9', 'VP8', 'H264', 'AV1'],
    mobileCodecPreferenceOrder: ['VP8', 'VP9', 'H264', 'AV1'],
    vp8: { maxBitratesVideo: { low: 200000, standard: 500000, high: 1500000, ssHigh: 2500000 } },
    vp9: { maxBitratesVideo: { low: 100000, standard: 300000, high: 1200000, ssHigh: 2500000 } },
    h264: { maxBitratesVideo: { low: 200000, standard: 500000, high: 1500000, ssHigh: 2500000 } },
    av1: { maxBitratesVideo: { low: 100000, standard: 300000, high: 1000000, ssHigh: 2500000 } },
  },
  disableSimulcast: false,
  channelLastN: -1,
  startLowBandwidthMode: false,
  p2p: {
    enabled: true,
    iceTransportPolicy: 'relay',
    codecPreferenceOrder: ['VP9', 'VP8', 'H264', 'AV1'],
    mobileCodecPreferenceOrder: ['H264', 'VP8', 'VP9', 'AV1'],
  },
}

const FAIR = {
  ...GOOD,
  audioQuality: { stereo: false, opusMaxAverageBitrate: 32000, enableOpusDtx: false },
  resolution: 360,
  constraints: { video: { height: { ideal: 360, max: 480, min: 180 } } },
  videoQuality: {
    codecPreferenceOrder: ['VP9', 'VP8', 'H264', 'AV1'],
    mobileCodecPreferenceOrder: ['VP8', 'VP9', 'H264', 'AV1'],
    vp8: { maxBitratesVideo: { low: 200000, standard: 400000, high: 400000, ssHigh: 400000 } },
    vp9: { maxBitratesVideo: { low: 100000, standard: 300000, high: 400000, ssHigh: 400000 } },
    h264: { maxBitratesVideo: { low: 200000, standard: 400000, high: 400000, ssHigh: 400000 } },
    av1: { maxBitratesVideo: { low: 100000, standard: 300000, high: 400000, ssHigh: 400000 } },
  },
  channelLastN: 4,
}

const POOR = {
  audioQuality: { stereo: false, opusMaxAverageBitrate: 20000, enableOpusDtx: true },
  resolution: 180,
  constraints: { video: { height: { ideal: 180, max: 480, min: 180 } } },
  videoQuality: {
    codecPreferenceOrder: ['AV1', 'VP9', 'VP8', 'H264'],
    mobileCodecPreferenceOrder: ['VP8', 'VP9', 'H264', 'AV1'],
    vp8: { maxBitratesVideo: { low: 150000, standard: 150000, high: 150000, ssHigh: 150000 } },
    vp9: { maxBitratesVideo: { low: 100000, standard: 150000, high: 150000, ssHigh: 150000 } },
    h264: { maxBitratesVideo: { low: 150000, standard: 150000, high: 150000, ssHigh: 150000 } },
    av1: { maxBitratesVideo: { low: 100000, standard: 150000, high: 150000, ssHigh: 150000 } },
  },
  disableSimulcast: true,
  channelLastN: 1,
  startLowBandwidthMode: true,
  p2p: {
    enabled: true,
    iceTransportPolicy: 'relay',
    codecPreferenceOrder: ['AV1', 'VP9', 'VP8', 'H264'],
    mobileCodecPreferenceOrder: ['H264', 'VP8', 'VP9', 'AV1'],
  },
}

const OF_DOCTOR = {
  SETTINGS_SECTIONS: ['devices', 'language', 'sounds', 'moderator', 'shortcuts', 'more'],
  VIDEO_LAYOUT_FIT: 'nocrop',
  TILE_VIEW_MAX_COLUMNS: 2,
  DISABLE_PRIVATE_MESSAGES: true,
  DISABLE_JOIN_LEAVE_NOTIFICATIONS: false,
}
const OF_PATIENT = { ...OF_DOCTOR, SETTINGS_SECTIONS: ['devices', 'language', 'sounds'] }

/** The configs of the built-in roles, in whole. */
export const MEETING_CONFIGS = {
  doctor: {
    good: { configOverwrite: { ...EVERYWHERE, ...DOCTOR, ...GOOD }, interfaceConfigOverwrite: OF_DOCTOR },
    fair: { configOverwrite: { ...EVERYWHERE, ...DOCTOR, ...FAIR }, interfaceConfigOverwrite: OF_DOCTOR },
    poor: { configOverwrite: { ...EVERYWHERE, ...DOCTOR, ...POOR }, interfaceConfigOverwrite: OF_DOCTOR },
  },
  patient: {
    good: { configOverwrite: { ...EVERYWHERE, ...PATIENT, ...GOOD }, interfaceConfigOverwrite: OF_PATIENT },
    fair: { configOverwrite: { ...EVERYWHERE, ...PATIENT, ...FAIR }, interfaceConfigOverwrite: OF_PATIENT },
    poor: { configOverwrite: { ...EVERYWHERE, ...PATIENT, ...POOR }, interfaceConfigOverwrite: OF_PATIENT },
  },
}
