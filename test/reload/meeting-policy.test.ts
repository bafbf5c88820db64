import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { BUILT_IN_POLICY } from '../../src/contract/policy/policy.ts'
import { parsePolicy, PolicyError } from '../../src/reload/policy-file.ts'

const CALLER = { id: 'clinic', apiKeySha256: ['a1'.repeat(32)], roles: ['patient'], scopes: ['tokens:issue'] }
const { doctor, patient } = BUILT_IN_POLICY.roles

const withMeeting = (meeting: unknown, change: object = {}) =>
  stringify({
    ...BUILT_IN_POLICY,
    roles: { doctor, patient: { ...patient, ...change, meeting } },
    callers: [CALLER],
  })
const faultsOf = async (text: string): Promise<readonly string[]> => {
  try {
    await parsePolicy(text)
  } catch (error) {
    if (error instanceof PolicyError) return error.errors
    throw error
  }
  return []
}
const AT = '/roles/patient/meeting'

describe('the meeting of a role in the policy', () => {
  it('may say all there is to say, and is read as it stands', async () => {
    const meeting = {
      toolbar: { add: ['toggle-camera', 'closedcaptions', 'whiteboard'], remove: ['raisehand', 'chat'] },
      mediaPath: 'bridge',
      maxHeight: 360,
      prejoin: false,
      avatars: true,
      subject: 'Bharat Telemed: Sprechstunde, परामर्श',
      logoUrl: 'https://example.org/logo.svg?v=2',
    }
    expect((await parsePolicy(withMeeting(meeting))).roles['patient']?.meeting).toStrictEqual(meeting)
    expect(await faultsOf(withMeeting({}))).toStrictEqual([])
  })

  it.each([
    ['a list', [], ': must be { toolbar?, mediaPath?'],
    ['nothing', null, ': must be { toolbar?, mediaPath?'],
    ['an option of Jitsi', { disableAEC: true }, '/disableAEC: is not allowed here'],
    ['options as Jitsi takes them', { configOverwrite: {} }, '/configOverwrite: is not allowed here'],
    ['a toolbar that is a list', { toolbar: ['chat'] }, '/toolbar: must be { add?, remove? }'],
    ['an unknown member of the toolbar', { toolbar: { only: [] } }, '/toolbar/only: is not allowed here'],
    ['an unknown button', { toolbar: { add: ['sharedvideo'] } }, '/toolbar/add/0: must be one of microphone,'],
    [
      'a button twice',
      { toolbar: { add: ['tileview', 'tileview'] } },
      '/toolbar/add: must be a list of unique buttons',
    ],
    ['no way out', { toolbar: { remove: ['hangup'] } }, '/toolbar/remove/0: must be one of microphone,'],
    [
      'a button of both lists',
      { toolbar: { add: ['stats'], remove: ['stats'] } },
      '/toolbar/remove/0: is also listed in add',
    ],
    ['an unknown path', { mediaPath: 'p2p' }, '/mediaPath: must be one of relay, direct, bridge'],
    ['a height without a level', { maxHeight: 480 }, '/maxHeight: must be one of 180, 360, 720, 1080'],
    ['a height that is a text', { maxHeight: '720' }, '/maxHeight: must be one of 180, 360, 720, 1080'],
    ['a prejoin that is a text', { prejoin: 'no' }, '/prejoin: must be true or false'],
    ['avatars that are a number', { avatars: 1 }, '/avatars: must be true or false'],
    ['an empty subject', { subject: '' }, '/subject: must be 1 to 64 characters'],
    ['a subject of 65 characters', { subject: 'a'.repeat(65) }, '/subject: must be 1 to 64 characters'],
    ['a subject with a bidi mark', { subject: 'a\u202eb' }, '/subject: must be trimmed text'],
    ['a subject with a blank behind', { subject: 'a ' }, '/subject: must be trimmed text'],
    ['a logo without TLS', { logoUrl: 'http://example.org/l.svg' }, '/logoUrl: must be an https URL'],
    ['a logo in the text', { logoUrl: 'data:image/png;base64,AA' }, '/logoUrl: must be an https URL'],
    ['a long logo', { logoUrl: `https://example.org/${'a'.repeat(500)}` }, '/logoUrl: must be an https URL'],
  ])('as %s is refused with its path', async (_what, meeting, fault) => {
    const faults = await faultsOf(withMeeting(meeting))
    expect(faults.join('\n')).toContain(`${AT}${fault}`)
    expect(faults.filter((each) => !each.startsWith(AT) || !each.endsWith('.'))).toStrictEqual([])
  })

  it('adds no button that the role could not use, and says what it lacks', async () => {
    const add = ['security', 'desktop', 'recording', 'chat', 'invite', 'toggle-camera']
    expect(await faultsOf(withMeeting({ toolbar: { add } }, { features: [] }))).toStrictEqual([
      `${AT}/toolbar/add/0: has no effect for a role without moderator: true; remove the button.`,
      `${AT}/toolbar/add/1: has no effect for a role without the feature screen-sharing; remove the button.`,
      `${AT}/toolbar/add/2: has no effect for a role without the feature recording; remove the button.`,
      `${AT}/toolbar/add/3: has no effect for a role without the feature send-groupchat or send-private-message; remove the button.`,
      `${AT}/toolbar/add/4: has no effect for a role without the feature outbound-call or sip-outbound-call; remove the button.`,
    ])
    const rights = { moderator: true, features: ['screen-sharing', 'recording', 'send-groupchat', 'outbound-call'] }
    expect(await faultsOf(withMeeting({ toolbar: { add } }, rights))).toStrictEqual([])
  })

  it('never quotes a value', async () => {
    const meeting = {
      toolbar: { add: ['canary'], remove: ['canary'] },
      mediaPath: 'canary',
      subject: 'canary\u0000',
      logoUrl: 'canary:',
    }
    const faults = await faultsOf(withMeeting(meeting))
    expect(faults.length).toBeGreaterThanOrEqual(5)
    expect(faults.join('\n')).not.toContain('canary')
  })
})
