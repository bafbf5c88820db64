/** What Jitsi lets a page overwrite, of its lists for config and interfaceConfig; all below such a name goes too. */
export const WHITELIST = [
  ...['config.analytics.disabled', 'config.analytics.rtcstatsEnabled', 'config.analytics.watchRTCEnabled'],
  ...['config.audioQuality', 'config.breakoutRooms', 'config.channelLastN', 'config.connectionIndicators'],
  ...['config.constraints', 'config.deeplinking.disabled', 'config.defaultLogoUrl', 'config.disableAEC'],
  ...['config.disableAGC', 'config.disableAP', 'config.disableChat', 'config.disableDeepLinking'],
  ...['config.disableInviteFunctions', 'config.disableNS', 'config.disableProfile', 'config.disableReactions'],
  ...['config.disableRemoteControl', 'config.disableRemoteMute', 'config.disableSelfDemote'],
  ...['config.disableShowMoreStats', 'config.disableSimulcast', 'config.disableThirdPartyRequests'],
  ...['config.doNotStoreRoom', 'config.enableCalendarIntegration', 'config.enableDisplayNameInStats'],
  ...['config.enableEmailInStats', 'config.enableNoAudioDetection', 'config.enableNoisyMicDetection'],
  ...['config.enableOpusRed', 'config.enableTalkWhileMuted', 'config.faceLandmarks', 'config.feedbackPercentage'],
  ...['config.giphy', 'config.gravatar.disabled', 'config.hiddenPremeetingButtons', 'config.hideConferenceSubject'],
  ...['config.hideEmailInSettings', 'config.liveStreaming.enabled', 'config.lobby', 'config.localRecording'],
  ...['config.localSubject', 'config.p2p.codecPreferenceOrder', 'config.p2p.enabled', 'config.p2p.iceTransportPolicy'],
  ...['config.p2p.mobileCodecPreferenceOrder', 'config.participantsPane', 'config.prejoinConfig.enabled'],
  ...['config.prejoinConfig.hideDisplayName', 'config.prejoinConfig.hideExtraJoinButtons', 'config.readOnlyName'],
  ...['config.recordingService', 'config.remoteVideoMenu', 'config.resolution', 'config.screenshotCapture'],
  ...['config.securityUi', 'config.speakerStats', 'config.startLowBandwidthMode', 'config.toolbarButtons'],
  ...['config.toolbarConfig', 'config.useHostPageLocalStorage', 'config.videoQuality', 'config.whiteboard.enabled'],
  ...['interfaceConfig.DISABLE_JOIN_LEAVE_NOTIFICATIONS', 'interfaceConfig.DISABLE_PRIVATE_MESSAGES'],
  ...['interfaceConfig.SETTINGS_SECTIONS', 'interfaceConfig.TILE_VIEW_MAX_COLUMNS', 'interfaceConfig.VIDEO_LAYOUT_FIT'],
]

/** Jitsi's TOOLBAR_BUTTONS. */
export const TOOLBAR_BUTTONS = new Set(
  `audiotranslation camera chat closedcaptions custom-panel desktop download embedmeeting etherpad feedback filesharing
  fullscreen hangup help highlight invite linktosalesforce livestreaming microphone mute-everyone mute-video-everyone
  participants-pane polls profile raisehand recording security select-background settings shareaudio noisesuppression
  sharedvideo shortcuts stats tileview toggle-camera videoquality whiteboard`.split(/\s+/),
)
