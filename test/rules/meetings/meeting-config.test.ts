import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FEATURES } from '../../../src/contract/tokens/features.ts'
import { NETWORKS } from '../../../src/contract/meetings/meeting-config.ts'
import { BUILT_IN_POLICY, type RolePolicy } from '../../../src/contract/policy/policy.ts'
import { BUTTONS, VIDEO_HEIGHTS, MEDIA_PATHS } from '../../../src/contract/policy/meeting-policy.ts'
import { meetingConfigOf } from '../../../src/rules/meetings/meeting-config.ts'
import { meetingFaults } from '../../../src/rules/policy/meeting-faults.ts'
import { TOOLBAR_BUTTONS, WHITELIST } from '../../support/jitsi-lists.ts'
import { MEETING_CONFIGS } from '../../support/meeting-literals.ts'

const meeting = fc.record(
  {
    toolbar: fc.record(
      { add: fc.subarray([...BUTTONS]), remove: fc.subarray(BUTTONS.filter((button) => button !== 'hangup')) },
      { requiredKeys: [] },
    ),
    mediaPath: fc.constantFrom(...MEDIA_PATHS),
    maxHeight: fc.constantFrom(...VIDEO_HEIGHTS),
    prejoin: fc.boolean(),
    avatars: fc.boolean(),
    subject: fc.string({ minLength: 1, maxLength: 64 }),
    logoUrl: fc.domain().map((host) => `https://${host}/logo.svg`),
  },
  { requiredKeys: [] },
)
const role = fc
  .record({ moderator: fc.boolean(), features: fc.subarray([...FEATURES]), meeting })
  .map((made): RolePolicy => ({ ...made, lifetimeMinutes: { default: 90, max: 90 } }))
const network = fc.constantFrom(...NETWORKS)

/** @returns the path and the value of every property that is not an object */
const leavesOf = (value: unknown, at: string): [string, unknown][] =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, each]) => leavesOf(each, `${at}.${key}`))
    : [[at, value]]
const configOf = (made: RolePolicy, on: (typeof NETWORKS)[number]) => meetingConfigOf(made, on).configOverwrite
const change = (name: 'doctor' | 'patient', differs: Partial<RolePolicy>): RolePolicy => ({
  ...(BUILT_IN_POLICY.roles[name] as RolePolicy),
  ...differs,
})

describe('the meeting configuration', () => {
  it.each(NETWORKS)('of a doctor and a patient on a %s network equals the literals', (on) => {
    for (const name of ['doctor', 'patient'] as const) {
      expect(meetingConfigOf(change(name, {}), on)).toStrictEqual(MEETING_CONFIGS[name][on])
    }
  })

  it('contains only options that Jitsi lets a page overwrite, and no null or undefined', () => {
    fc.assert(
      fc.property(role, network, (made, on) => {
        const { configOverwrite, interfaceConfigOverwrite } = meetingConfigOf(made, on)
        const leaves = [
          ...leavesOf(configOverwrite, 'config'),
          ...leavesOf(interfaceConfigOverwrite, 'interfaceConfig'),
        ]
        const dropped = leaves.filter(
          ([path]) => !WHITELIST.some((taken) => path === taken || path.startsWith(`${taken}.`)),
        )
        expect(dropped).toStrictEqual([])
        expect(leaves.filter(([, value]) => value === undefined || value === null)).toStrictEqual([])
        for (const [, value] of leaves) if (Array.isArray(value)) expect(value.every((each) => each)).toBe(true)
      }),
    )
  })

  it('has unique buttons that Jitsi knows, with hangup as the last', () => {
    expect(BUTTONS.filter((button) => !TOOLBAR_BUTTONS.has(button))).toStrictEqual([])
    fc.assert(
      fc.property(role, network, (made, on) => {
        const { toolbarButtons = [] } = configOf(made, on)
        expect(new Set(toolbarButtons).size).toBe(toolbarButtons.length)
        expect(toolbarButtons.at(-1)).toBe('hangup')
      }),
    )
  })

  it('has no button that the policy removes, and each that it adds if the role can use it', () => {
    fc.assert(
      fc.property(role, network, (made, on) => {
        const has = new Set(configOf(made, on).toolbarButtons)
        const { add = [], remove = [] } = made.meeting?.toolbar ?? {}
        expect(remove.filter((button) => has.has(button))).toStrictEqual([])
        const faults = [...meetingFaults('', { ...made, meeting: { toolbar: { add, remove } } })]
        const vain = add.filter((_, index) => faults.some((fault) => fault.startsWith(`/toolbar/add/${index}:`)))
        expect(vain.filter((button) => has.has(button))).toStrictEqual([])
        const wanted = add.filter((button) => !vain.includes(button) && !remove.some((gone) => gone === button))
        expect(wanted.filter((button) => !has.has(button))).toStrictEqual([])
      }),
    )
  })

  it('has no buttons and menus of moderators for other roles, for every policy', () => {
    fc.assert(
      fc.property(role, network, (made, on) => {
        const config = configOf({ ...made, moderator: false }, on)
        for (const button of ['mute-everyone', 'mute-video-everyone', 'security']) {
          expect(config.toolbarButtons).not.toContain(button)
        }
        expect(config).toMatchObject({
          remoteVideoMenu: { disabled: true, disableKick: true },
          disableRemoteMute: true,
          securityUi: { hideLobbyButton: true },
        })
      }),
    )
  })

  it('never has stereo audio, a height above the limits, or requests to other servers except for avatars', () => {
    fc.assert(
      fc.property(role, network, (made, on) => {
        const config = configOf(made, on)
        expect(config).toMatchObject({
          audioQuality: { stereo: false },
          disableAP: false,
          analytics: { disabled: true },
          gravatar: { disabled: true },
          deeplinking: { disabled: true },
          disableThirdPartyRequests: made.meeting?.avatars !== true,
        })
        expect(config.resolution).toBeLessThanOrEqual(made.meeting?.maxHeight ?? 720)
        expect(config.resolution).toBeLessThanOrEqual({ good: 1080, fair: 360, poor: 180 }[on])
        expect(config.constraints?.video?.height?.ideal).toBe(config.resolution)
      }),
    )
  })

  it.each([
    ['relay', { enabled: true, iceTransportPolicy: 'relay' }],
    ['direct', { enabled: true, iceTransportPolicy: 'all' }],
    ['bridge', { enabled: false }],
  ] as const)('has the options of the media path %s', (mediaPath, p2p) => {
    expect(configOf(change('patient', { meeting: { mediaPath } }), 'good').p2p).toMatchObject(p2p)
  })

  it('has the subject, the logo, the prejoin page and the height of the policy', () => {
    const branded = {
      subject: 'Bharat Telemed',
      logoUrl: 'https://example.org/logo.svg',
      prejoin: false,
    }
    expect(configOf(change('doctor', { meeting: { ...branded, maxHeight: 1080 } }), 'good')).toMatchObject({
      localSubject: 'Bharat Telemed',
      hideConferenceSubject: false,
      defaultLogoUrl: 'https://example.org/logo.svg',
      prejoinConfig: { enabled: false },
      resolution: 1080,
      constraints: { video: { height: { ideal: 1080, max: 1080, min: 180 } } },
      videoQuality: { vp9: { maxBitratesVideo: { high: 1200000, fullHd: 2500000 } } },
    })
  })

  it('has the buttons of the features that the role has, and no others', () => {
    const { toolbarButtons, disableInviteFunctions, disableChat, remoteVideoMenu } = configOf(
      change('patient', { features: ['screen-sharing', 'outbound-call', 'send-private-message'] }),
      'good',
    )
    expect(toolbarButtons).toStrictEqual([
      ...['microphone', 'camera', 'desktop', 'chat', 'raisehand', 'videoquality', 'invite', 'settings', 'hangup'],
    ])
    expect([disableInviteFunctions, disableChat, remoteVideoMenu?.disablePrivateChat]).toStrictEqual([
      false,
      false,
      undefined,
    ])
    expect(configOf(change('patient', { features: [] }), 'good')).toMatchObject({
      disableChat: true,
      toolbarButtons: ['microphone', 'camera', 'raisehand', 'videoquality', 'settings', 'hangup'],
    })
  })
})
