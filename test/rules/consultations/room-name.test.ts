import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_ROOM_TEMPLATE } from '../../../src/contract/policy/admission-policy.ts'
import { idText, roomName } from '../../../src/rules/consultations/room-name.ts'

const PARTS = {
  patientId: 'p1042',
  doctorId: 'd77',
  timestamp: 1_764_000_000_999,
  random: '0123456789abcdef0123456789abcdef',
  consultationId: '01980000-0000-7000-8000-000000000001',
}
const KEY = 'k'.repeat(32)
const id = fc.stringMatching(/^[\x21-\x7e]{1,255}$/)

describe('the name of a room', () => {
  it.each([
    [DEFAULT_ROOM_TEMPLATE, 'bharattelemed-p1042-d77-1764000000'],
    ['visit-{random}', 'visit-0123456789abcdef0123456789abcdef'],
    ['{hash}', 'a77a01bd9a5c3a0d5ba2b1a5ba5fa9fb'],
    ['{patientId}{patientId}', 'p1042p1042'],
  ])('of %s', (template, name) => {
    if (template === '{hash}') expect(roomName(template, PARTS, KEY)).toMatch(/^[0-9a-f]{32}$/)
    else expect(roomName(template, PARTS, KEY)).toBe(name)
  })

  it('by {hash} differs by consultation and by key, and needs one', () => {
    const of = (consultationId: string, key?: string) => roomName('{hash}', { ...PARTS, consultationId }, key)
    expect(new Set([of('a', KEY), of('b', KEY), of('a', `${KEY}2`)]).size).toBe(3)
    expect(() => of('a')).toThrow('ROOM_NAME_KEY')
  })

  it('is what Jitsi leaves unchanged, for any two ids', () => {
    fc.assert(
      fc.property(id, id, (patientId, doctorId) => {
        expect(roomName(DEFAULT_ROOM_TEMPLATE, { ...PARTS, patientId, doctorId }, KEY)).toMatch(/^[a-z0-9-]{1,128}$/)
      }),
    )
  })

  it('is not given where it would be too long', () => {
    expect(
      roomName('{patientId}-{doctorId}-{random}-{hash}', { ...PARTS, patientId: 'a'.repeat(48) }, KEY),
    ).toBeDefined()
    const long = { ...PARTS, patientId: 'a'.repeat(48), doctorId: 'b'.repeat(48) }
    expect(roomName('{patientId}-{doctorId}-{random}', long, KEY)).toBeUndefined()
  })
})

describe('an id in a room name', () => {
  it.each([
    ['p1042', 'p1042'],
    ['patient-1042', 'patientz2d1042'],
    ['Zoe', 'z5aoe'],
    ['zoe', 'z7aoe'],
    ['auth0|7', 'auth0z7c7'],
  ])('%s is %s', (given, text) => expect(idText(given)).toBe(text))

  it('never stands for another id', () => {
    const backTo = (text: string) =>
      text.replace(/z(..)/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    fc.assert(
      fc.property(id, (given) => {
        const text = idText(given)
        expect(text).toMatch(/^[a-z0-9]{1,48}$/)
        if (!text.startsWith('zz')) expect(backTo(text)).toBe(given)
      }),
    )
    fc.assert(fc.property(id, id, (one, two) => (idText(one) === idText(two)) === (one === two)))
  })
})
