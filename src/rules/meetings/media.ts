import type { ConfigOverwrite } from '../../contract/meetings/config-overwrite.ts'
import type { Network } from '../../contract/meetings/meeting-config.ts'
import type { MediaPath, RoleMeeting } from '../../contract/policy/meeting-policy.ts'

/** The media settings for a network. Speech has priority: on a poor network, video is reduced first. */
type Profile = {
  /** Height of the sent video, in pixels. */
  height: number
  /** Maximum bitrate of each video stream. */
  maxVideoBitsPerSecond: number
  /** Bitrate of speech; redundancy doubles it. */
  audioBitsPerSecond: number
  /** Discontinuous transmission: sends nothing during silence. It also suppresses quiet sounds such as breathing. */
  discontinuous: boolean
  /** Maximum number of received video streams; -1 for all. */
  maxReceivedStreams: number
  /** Whether the meeting starts without video. */
  startsAudioOnly: boolean
}

/** Bitrates of mono speech (RFC 7587, section 3.1.1): 16 to 20 kbit/s wideband, 28 to 40 fullband; 48 and more for music. */
const PROFILES: Record<Network, Profile> = {
  good: {
    height: 720,
    maxVideoBitsPerSecond: 3_000_000,
    audioBitsPerSecond: 48_000,
    discontinuous: false,
    maxReceivedStreams: -1,
    startsAudioOnly: false,
  },
  fair: {
    height: 360,
    maxVideoBitsPerSecond: 400_000,
    audioBitsPerSecond: 32_000,
    discontinuous: false,
    maxReceivedStreams: 4,
    startsAudioOnly: false,
  },
  poor: {
    height: 180,
    maxVideoBitsPerSecond: 150_000,
    audioBitsPerSecond: 20_000,
    discontinuous: true,
    maxReceivedStreams: 1,
    startsAudioOnly: true,
  },
}

/** @returns the audio and video options of a role on a network */
export function mediaConfig(meeting: RoleMeeting, network: Network): ConfigOverwrite {
  const profile = PROFILES[network]
  const maxHeight = meeting.maxHeight ?? PROFILES.good.height
  const height = network === 'good' ? maxHeight : Math.min(profile.height, maxHeight)
  return {
    ...audioConfig(profile),
    ...videoConfig(profile, height),
    p2p: pathConfig(meeting.mediaPath ?? 'relay', network),
  }
}

/**
 * Opus in WebRTC always runs at 48 kHz (RFC 7587). Stereo stays off, because with stereo Jitsi switches off echo
 * cancellation, noise suppression and gain control. RED sends each audio frame twice, so that a lost packet is not audible.
 */
const audioConfig = ({ audioBitsPerSecond, discontinuous }: Profile): ConfigOverwrite => ({
  audioQuality: { stereo: false, opusMaxAverageBitrate: audioBitsPerSecond, enableOpusDtx: discontinuous },
  enableOpusRed: true,
  disableAP: false,
  disableAEC: false,
  disableNS: false,
  disableAGC: false,
  enableNoAudioDetection: true,
  enableNoisyMicDetection: true,
  enableTalkWhileMuted: true,
})

/** The smallest maximum height: some cameras do not support small heights and would deliver no video. */
const COMMON_CAMERA_HEIGHT = 480

const videoConfig = (profile: Profile, height: number): ConfigOverwrite => ({
  resolution: height,
  constraints: { video: { height: { ideal: height, max: Math.max(height, COMMON_CAMERA_HEIGHT), min: 180 } } },
  videoQuality: {
    codecPreferenceOrder: codecsOf(profile),
    mobileCodecPreferenceOrder: ['VP8', 'VP9', 'H264', 'AV1'],
    vp8: bitrates(200_000, 500_000, 1_500_000, 3_000_000, profile, height),
    vp9: bitrates(100_000, 300_000, 1_200_000, 2_500_000, profile, height),
    h264: bitrates(200_000, 500_000, 1_500_000, 3_000_000, profile, height),
    av1: bitrates(100_000, 300_000, 1_000_000, 2_000_000, profile, height),
  },
  // At 180 lines, simulcast would also send streams of half and a quarter of the height.
  disableSimulcast: height <= 180,
  channelLastN: profile.maxReceivedStreams,
  startLowBandwidthMode: profile.startsAudioOnly,
})

/** VP9 needs a third less bandwidth than VP8, and most devices decode it in hardware. AV1 is best at low bitrates but uses more power. */
const codecsOf = ({ startsAudioOnly }: Profile): string[] =>
  startsAudioOnly ? ['AV1', 'VP9', 'VP8', 'H264'] : ['VP9', 'VP8', 'H264', 'AV1']

/** Sets every level, because a peer-to-peer connection starts at `high` for every video height. */
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

/** See MEDIA_PATHS for the meaning of each path. With `relay`, a device reveals only the address of the relay. */
function pathConfig(path: MediaPath, network: Network): NonNullable<ConfigOverwrite['p2p']> {
  if (path === 'bridge') return { enabled: false }
  return {
    enabled: true,
    iceTransportPolicy: path === 'relay' ? 'relay' : 'all',
    codecPreferenceOrder: codecsOf(PROFILES[network]),
    // Phones encode and decode H.264 in hardware.
    mobileCodecPreferenceOrder: ['H264', 'VP8', 'VP9', 'AV1'],
  }
}
