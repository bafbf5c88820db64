import type { ConfigOverwrite } from '../../contract/meetings/config-overwrite.ts'
import type { Network } from '../../contract/meetings/meeting-config.ts'
import type { MediaPath, RoleMeeting } from '../../contract/policy/meeting-policy.ts'

/** What a network carries. Speech comes first: what is short is taken from the picture. */
type Profile = {
  /** Of the picture that is sent. */
  height: number
  /** Of each stream of video at most. */
  videoBitsPerSecond: number
  /** Of speech, before redundancy doubles it. */
  audioBitsPerSecond: number
  /** Sends nothing while nobody speaks. It saves bits, and takes quiet sounds such as breathing for silence. */
  silenceIsNotSent: boolean
  /** How many pictures are received at most; -1 is all. */
  picturesReceived: number
  /** Starts without video; whoever needs it switches the camera on. */
  startsAsAudio: boolean
}

/** Bitrates of mono speech by RFC 7587, section 3.1.1: 16 to 20 kbit/s wideband, 28 to 40 fullband, from 48 all of a sound. */
const PROFILES: Record<Network, Profile> = {
  good: {
    height: 720,
    videoBitsPerSecond: 3_000_000,
    audioBitsPerSecond: 48_000,
    silenceIsNotSent: false,
    picturesReceived: -1,
    startsAsAudio: false,
  },
  fair: {
    height: 360,
    videoBitsPerSecond: 400_000,
    audioBitsPerSecond: 32_000,
    silenceIsNotSent: false,
    picturesReceived: 4,
    startsAsAudio: false,
  },
  poor: {
    height: 180,
    videoBitsPerSecond: 150_000,
    audioBitsPerSecond: 20_000,
    silenceIsNotSent: true,
    picturesReceived: 1,
    startsAsAudio: true,
  },
}

/** Sound and picture of a role on a network. */
export function mediaConfig(meeting: RoleMeeting, network: Network): ConfigOverwrite {
  const profile = PROFILES[network]
  const most = meeting.maxHeight ?? PROFILES.good.height
  const height = network === 'good' ? most : Math.min(profile.height, most)
  return {
    ...audioConfig(profile),
    ...videoConfig(profile, height),
    p2p: pathConfig(meeting.mediaPath ?? 'relay', network),
  }
}

/**
 * Opus in WebRTC always runs at 48 kHz (RFC 7587). Stereo stays off: Jitsi would switch off echo cancellation, noise
 * suppression and gain control with it. RED sends each piece of speech twice, so that a lost packet is not heard.
 */
const audioConfig = ({ audioBitsPerSecond, silenceIsNotSent }: Profile): ConfigOverwrite => ({
  audioQuality: { stereo: false, opusMaxAverageBitrate: audioBitsPerSecond, enableOpusDtx: silenceIsNotSent },
  enableOpusRed: true,
  disableAP: false,
  disableAEC: false,
  disableNS: false,
  disableAGC: false,
  enableNoAudioDetection: true,
  enableNoisyMicDetection: true,
  enableTalkWhileMuted: true,
})

/** A camera need not know a small picture; where the limit were too hard, it would give none. */
const EVERY_CAMERA_HAS = 480

const videoConfig = (profile: Profile, height: number): ConfigOverwrite => ({
  resolution: height,
  constraints: { video: { height: { ideal: height, max: Math.max(height, EVERY_CAMERA_HAS), min: 180 } } },
  videoQuality: {
    codecPreferenceOrder: codecsOf(profile),
    mobileCodecPreferenceOrder: ['VP8', 'VP9', 'H264', 'AV1'],
    vp8: bitrates(200_000, 500_000, 1_500_000, 3_000_000, profile, height),
    vp9: bitrates(100_000, 300_000, 1_200_000, 2_500_000, profile, height),
    h264: bitrates(200_000, 500_000, 1_500_000, 3_000_000, profile, height),
    av1: bitrates(100_000, 300_000, 1_000_000, 2_000_000, profile, height),
  },
  // Of a picture this small, simulcast would send a half and a quarter beside it.
  disableSimulcast: height <= 180,
  channelLastN: profile.picturesReceived,
  startLowBandwidthMode: profile.startsAsAudio,
})

/** VP9 needs a third less than VP8, and most machines decode it in hardware. AV1 makes most of few bits, at a cost in power. */
const codecsOf = ({ startsAsAudio }: Profile): string[] =>
  startsAsAudio ? ['AV1', 'VP9', 'VP8', 'H264'] : ['VP9', 'VP8', 'H264', 'AV1']

/** All levels are told: a connection without the bridge starts at `high`, however small the picture. */
function bitrates(low: number, standard: number, high: number, fullHd: number, profile: Profile, height: number) {
  const capped = (bits: number) => Math.min(bits, profile.videoBitsPerSecond)
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

/** See MEDIA_PATHS for what each path means. A device tells no address but that of the relay where its own path is `relay`. */
function pathConfig(path: MediaPath, network: Network): NonNullable<ConfigOverwrite['p2p']> {
  if (path === 'bridge') return { enabled: false }
  return {
    enabled: true,
    iceTransportPolicy: path === 'relay' ? 'relay' : 'all',
    codecPreferenceOrder: codecsOf(PROFILES[network]),
    // Phones have H.264 in hardware.
    mobileCodecPreferenceOrder: ['H264', 'VP8', 'VP9', 'AV1'],
  }
}
