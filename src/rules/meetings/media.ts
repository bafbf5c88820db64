import type { ConfigOverwrite } from '../../contract/meetings/config-overwrite.ts'
import type { Network } from '../../contract/meetings/meeting-config.ts'
import type { MediaPath, RoleMeeting } from '../../contract/policy/meeting-policy.ts'

/** Audio and video limits for a network. On a weak network, video is reduced before audio. */
type Profile = {
  /** Height of the sent video, in lines. */
  height: number
  /** Maximum for each video stream. */
  maxVideoBitsPerSecond: number
  /** Average bit rate of Opus. RED doubles it on the network. */
  audioBitsPerSecond: number
  /** Whether nothing is sent during silence (DTX). DTX also treats quiet sounds such as breathing as silence. */
  dtx: boolean
  /** Maximum number of received videos; -1 for no limit. */
  maxReceivedVideos: number
  /** Whether the meeting starts without video. Participants can switch their cameras on. */
  startsWithoutVideo: boolean
}

/** RFC 7587, section 3.1.1, recommends 16 to 20 kbit/s for wideband speech, 28 to 40 for fullband speech, 48 to 64 for music. */
const PROFILES: Record<Network, Profile> = {
  good: {
    height: 720,
    maxVideoBitsPerSecond: 3_000_000,
    audioBitsPerSecond: 48_000,
    dtx: false,
    maxReceivedVideos: -1,
    startsWithoutVideo: false,
  },
  fair: {
    height: 360,
    maxVideoBitsPerSecond: 400_000,
    audioBitsPerSecond: 32_000,
    dtx: false,
    maxReceivedVideos: 4,
    startsWithoutVideo: false,
  },
  poor: {
    height: 180,
    maxVideoBitsPerSecond: 150_000,
    audioBitsPerSecond: 20_000,
    dtx: true,
    maxReceivedVideos: 1,
    startsWithoutVideo: true,
  },
}

/** @returns the options for audio and video of a role on a network */
export function mediaConfig(meeting: RoleMeeting, network: Network): ConfigOverwrite {
  const profile = PROFILES[network]
  const maxHeight = meeting.maxHeight ?? PROFILES.good.height
  const height = network === 'good' ? maxHeight : Math.min(profile.height, maxHeight)
  return {
    ...audioConfig(profile),
    ...videoConfig(profile, height),
    p2p: p2pConfig(meeting.mediaPath ?? 'relay', network),
  }
}

/**
 * Opus in WebRTC always runs at 48 kHz (RFC 7587). Stereo is off, because with stereo Jitsi switches off echo cancellation,
 * noise suppression and gain control. RED sends each audio frame twice, so that one lost packet is inaudible.
 */
const audioConfig = ({ audioBitsPerSecond, dtx }: Profile): ConfigOverwrite => ({
  audioQuality: { stereo: false, opusMaxAverageBitrate: audioBitsPerSecond, enableOpusDtx: dtx },
  enableOpusRed: true,
  disableAP: false,
  disableAEC: false,
  disableNS: false,
  disableAGC: false,
  enableNoAudioDetection: true,
  enableNoisyMicDetection: true,
  enableTalkWhileMuted: true,
})

/** A camera that does not support a small height sends no video if the maximum is below every height that it supports. */
const MIN_MAX_HEIGHT = 480

const videoConfig = (profile: Profile, height: number): ConfigOverwrite => ({
  resolution: height,
  constraints: { video: { height: { ideal: height, max: Math.max(height, MIN_MAX_HEIGHT), min: 180 } } },
  videoQuality: {
    codecPreferenceOrder: codecsOf(profile),
    mobileCodecPreferenceOrder: ['VP8', 'VP9', 'H264', 'AV1'],
    vp8: bitrates(200_000, 500_000, 1_500_000, 3_000_000, profile, height),
    vp9: bitrates(100_000, 300_000, 1_200_000, 2_500_000, profile, height),
    h264: bitrates(200_000, 500_000, 1_500_000, 3_000_000, profile, height),
    av1: bitrates(100_000, 300_000, 1_000_000, 2_000_000, profile, height),
  },
  // At 180 lines, simulcast would also send useless streams of half and a quarter of the height.
  disableSimulcast: height <= 180,
  channelLastN: profile.maxReceivedVideos,
  startLowBandwidthMode: profile.startsWithoutVideo,
})

/**
 * Codecs in order of preference. VP9 needs a third less bandwidth than VP8, and most computers decode it in hardware. AV1
 * has the best quality at low bit rates, but needs more CPU time.
 */
const codecsOf = ({ startsWithoutVideo }: Profile): string[] =>
  startsWithoutVideo ? ['AV1', 'VP9', 'VP8', 'H264'] : ['VP9', 'VP8', 'H264', 'AV1']

/** Limits every quality level, because a peer-to-peer connection starts at `high` for every video height. */
function bitrates(low: number, standard: number, high: number, fullHd: number, profile: Profile, height: number) {
  const capped = (bitsPerSecond: number) => Math.min(bitsPerSecond, profile.maxVideoBitsPerSecond)
  return {
    maxBitratesVideo: {
      low: capped(low),
      standard: capped(standard),
      high: capped(high),
      ...(height > 720 ? { fullHd: capped(fullHd) } : {}),
      ssHigh: capped(2_500_000),
    },
  }
}

/** `MEDIA_PATHS` describes each path. With `relay`, a device reveals only the address of the TURN server. */
function p2pConfig(path: MediaPath, network: Network): NonNullable<ConfigOverwrite['p2p']> {
  if (path === 'bridge') return { enabled: false }
  return {
    enabled: true,
    iceTransportPolicy: path === 'relay' ? 'relay' : 'all',
    codecPreferenceOrder: codecsOf(PROFILES[network]),
    // Phones encode and decode H.264 in hardware.
    mobileCodecPreferenceOrder: ['H264', 'VP8', 'VP9', 'AV1'],
  }
}
