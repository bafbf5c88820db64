import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { browserOf, invite, type Made, START } from '../../support/invitations.ts'
import { asking, openVisits } from '../../support/consultations.ts'
import { NOW } from '../../kit.ts'

let visits: Awaited<ReturnType<typeof openVisits>>
beforeAll(async () => {
  visits = await openVisits()
})
afterAll(() => visits.close())
beforeEach(() => {
  visits.time.now = NOW
})

const nameIn = (token: string) => decodeJwt<{ context: { user: { name: string } } }>(token).context.user.name

const ACCEPTED = {
  'a Bengali name with a joiner': 'র\u200d্যাফেল',
  'a Malayalam name with a joiner at the end': 'രമേശന്\u200d',
  'a Malayalam name with a non-joiner at the end': 'പ്രവീണ്\u200c',
  'a Marathi name': 'र्\u200dय',
  'a Sinhala name': 'ශ්\u200dරී',
  'a Kannada name': 'ರ\u200d್ಯಾಫೆಲ್',
  'an Urdu name': 'خوش\u200cبخت',
  'an emoji sequence': '👩🏽\u200d⚕\ufe0f',
}

const REFUSED = {
  'a blank Braille pattern': '\u2800',
  'a Hangul filler': '\u3164',
  'a choseong filler': '\u115f',
  'a jungseong filler': '\u1160',
  'a halfwidth filler': '\uffa0',
  'a Khmer inherent vowel': '\u17b4',
  'variation selectors': '\ufe0f\ufe0f',
  'a combining mark': '\u0301',
  joiners: '\u200d\u200c',
  'a right-to-left override': 'Asha \u202e',
  'a zero width space': 'Asha\u200bRao',
  'a tag character': 'Asha\u{e0041}',
  'U+FFFE': 'Asha\ufffe',
  'a joiner in a Latin word': 'As\u200dha',
}

describe('a display name', () => {
  it.each(Object.entries(ACCEPTED))('is accepted wherever a name is: %s', async (_what, name) => {
    const participants = [{ userId: 'patient-1042', role: 'patient', name: `\t${name}\n` }]
    const { consultation, path, code } = await invite(visits, { role: 'observer', name: `${name} ` }, { participants })
    const doctor = asking(visits.app, await visits.issuer.sign({ sub: 'doctor-77', name, roles: ['doctor'] }))
    const open = await visits.desk<Made>('POST', path, { role: 'observer' })
    visits.time.now = START
    const { roomId } = consultation
    const named = { roomId, userId: 'patient-1042', userName: `\ufeff${name}` }
    const tokens = [
      await visits.desk<{ token: string }>('POST', '/token', named),
      await visits.desk<{ token: string }>('POST', '/token', { roomId, userId: 'patient-1042' }),
      await doctor<{ token: string }>('POST', '/token', { roomId }),
      await browserOf(visits.nobody).redeem(code),
    ]
    expect(tokens.map(({ body }) => nameIn(body.token))).toStrictEqual(Array(4).fill(name.normalize('NFC')))
    const guest = await browserOf(visits.nobody).redeem(open.body.code, { displayName: `The friend of ${name}` })
    expect(nameIn(guest.body.token)).toContain(`The friend of ${name.normalize('NFC')}`)
  })

  it.each(Object.entries(REFUSED))('is refused wherever a name is: %s', async (_what, name) => {
    const { consultation, path, code } = await invite(visits)
    const { roomId, version } = consultation
    const participants = [
      { userId: 'doctor-77', role: 'doctor' },
      { userId: 'patient-1042', role: 'patient', name },
    ]
    const doctor = asking(visits.app, await visits.issuer.sign({ sub: 'doctor-77', name, roles: ['doctor'] }))
    visits.time.now = START
    const change = { 'if-match': `"${version + 1}"` }
    const answers = [
      await visits.desk('POST', '/token', { roomId, userId: 'patient-1042', userName: name }),
      await visits.desk('POST', path, { role: 'patient', name }),
      await browserOf(visits.nobody).redeem(code, { displayName: name }),
      await visits.desk('PATCH', `/consultations/${consultation.id}`, { participants }, change),
    ]
    const pointers = ['/userName', '/name', '/displayName', '/participants/1/name']
    expect(answers).toMatchObject(
      pointers.map((pointer) => ({ status: 400, body: { code: 'invalid-request', errors: [{ pointer }] } })),
    )
    expect(await doctor('POST', '/token', { roomId })).toMatchObject({
      status: 403,
      body: { code: 'identity-incomplete' },
    })
  })

  it('appears in an error only as a rule, never as a value', async () => {
    const { consultation } = await invite(visits)
    const request = { roomId: consultation.roomId, userId: 'patient-1042', userName: 'Canary\u200b' }
    const { body } = await visits.desk('POST', '/token', request)
    expect(body).toMatchObject({
      errors: [{ pointer: '/userName', message: expect.stringContaining('a letter, digit or emoji') as string }],
    })
    expect(JSON.stringify(body)).not.toContain('Canary')
  })
})
