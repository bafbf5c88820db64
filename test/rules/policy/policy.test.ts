import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BUILT_IN_POLICY, type CallerPolicy } from '../../../src/contract/policy/policy.ts'
import { createCaller, createPolicy, compileRoomPattern } from '../../../src/rules/policy/policy.ts'
import { evaluate } from '../../../src/rules/tokens/evaluate.ts'
import { DOCTOR } from '../../kit.ts'

const policy = createPolicy(BUILT_IN_POLICY)
const entry: CallerPolicy = { id: 'clinic', apiKeySha256: [], roles: ['doctor', 'patient'], scopes: ['tokens:issue'] }
const caller = createCaller(entry)

const segment = fc.stringMatching(/^[a-z0-9]{1,12}$/)
const room = fc.array(segment, { minLength: 1, maxLength: 6 }).map((parts) => `bharattelemed-${parts.join('-')}`)
const request = fc.record(
  {
    roomId: room,
    userId: fc.stringMatching(/^[A-Za-z0-9._:@-]{1,128}$/),
    userName: fc.constantFrom('Asha Rao', ' Dr. Iyer '),
    userRole: fc.constantFrom('doctor', 'patient', 'nurse'),
    userEmail: fc.constant('a@example.org'),
    expirationMinutes: fc.integer({ min: 5, max: 1440 }),
  },
  { requiredKeys: ['roomId', 'userId', 'userName', 'userRole'] },
)

describe('a decision', () => {
  it('grants exactly what the role permits, for every request', () => {
    fc.assert(
      fc.property(request, (asked) => {
        const decision = evaluate(policy, caller, asked, undefined, 0)
        if ('code' in decision) {
          const beyond = (asked.expirationMinutes ?? 0) > (asked.userRole === 'doctor' ? 240 : 120)
          expect(decision.code).toBe('invalid-request')
          expect(asked.userRole === 'nurse' || beyond).toBe(true)
          return
        }
        if ('since' in decision) throw new Error('waits')
        const role = BUILT_IN_POLICY.roles[asked.userRole]
        expect(decision.rolePolicy).toBe(role)
        expect(decision.room).toBe(asked.roomId)
        expect(decision.user.id).toBe(asked.userId)
        expect(decision.user.email).toBeUndefined()
        expect(decision.lifetimeSeconds).toBe((asked.expirationMinutes ?? 90) * 60)
        expect(decision.lifetimeSeconds / 60).toBeLessThanOrEqual(role?.lifetimeMinutes.max ?? 0)
      }),
    )
  })

  it('is the same for the same request', () => {
    fc.assert(
      fc.property(request, (asked) => {
        expect(evaluate(policy, caller, asked, undefined, 0)).toStrictEqual(
          evaluate(policy, caller, asked, undefined, 0),
        )
      }),
    )
  })

  it('limits a caller with a room pattern to the rooms that match it', () => {
    const ward = createCaller({ ...entry, rooms: 'bharattelemed-ward-.*|bharattelemed-icu' })
    const code = (roomId: string) => {
      const decision = evaluate(policy, ward, { ...DOCTOR, roomId }, undefined, 0)
      return 'code' in decision ? decision.code : 'granted'
    }
    expect(['bharattelemed-ward-7', 'bharattelemed-icu'].map(code)).toStrictEqual(['granted', 'granted'])
    expect(['bharattelemed-icu-2', 'bharattelemed-a-bharattelemed-ward-7'].map(code)).toStrictEqual([
      'room-not-allowed',
      'room-not-allowed',
    ])
    expect(code('elsewhere-1')).toBe('invalid-request')
  })

  it('refuses every role to a caller without roles', () => {
    const nobody = createCaller({ ...entry, roles: [] })
    expect(evaluate(policy, nobody, DOCTOR, undefined, 0)).toStrictEqual({ code: 'role-not-allowed' })
  })
})

describe('a pattern', () => {
  it('matches whole names only, with or without anchors', () => {
    expect(compileRoomPattern('a|b').test('ab')).toBe(false)
    expect(compileRoomPattern('a|b').test('b')).toBe(true)
    expect(compileRoomPattern('^a$').test('a')).toBe(true)
    expect(compileRoomPattern('a').test('a\n')).toBe(false)
  })

  it.each(['a)|(?:b', '(', '[z-a]', '*', '(?<n>a)(?<n>b)'])('%s does not compile', (pattern) => {
    expect(() => compileRoomPattern(pattern)).toThrow(SyntaxError)
  })

  it('matches a built-in room name exactly when its parts are whole', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9-]{0,40}$/), (rest) => {
        const whole = rest !== '' && rest.split('-').every((part) => part !== '')
        expect(policy.rooms.test(`bharattelemed-${rest}`)).toBe(whole)
      }),
    )
  })
})
