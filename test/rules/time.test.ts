import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TIMESTAMP_PATTERN } from '../../src/contract/timestamp.ts'
import { explainTime, parseInstantMs, parsePeriod } from '../../src/rules/time.ts'

const isTimestamp = (text: string) => new RegExp(TIMESTAMP_PATTERN).test(text)

describe('a time', () => {
  it.each([
    ['2027-01-05T10:00:00Z', '2027-01-05T10:00:00.000Z'],
    ['2027-01-05T10:00:00.1Z', '2027-01-05T10:00:00.100Z'],
    ['2027-01-05T10:00:00.123456+05:30', '2027-01-05T04:30:00.123Z'],
    ['2027-01-05T10:00:00.1234567Z', '2027-01-05T10:00:00.123Z'],
    ['2027-01-05T10:00:00.123456789Z', '2027-01-05T10:00:00.123Z'],
    ['2027-01-05T23:59:59.999999999Z', '2027-01-05T23:59:59.999Z'],
    ['2027-01-05t10:00:00z', '2027-01-05T10:00:00.000Z'],
    ['2027-01-05t10:00:00.5-00:00', '2027-01-05T10:00:00.500Z'],
    ['2028-02-29T10:00:00+14:00', '2028-02-28T20:00:00.000Z'],
  ])('%s is %s', (text, expected) => {
    expect(isTimestamp(text)).toBe(true)
    expect(new Date(parseInstantMs(text)).toISOString()).toBe(expected)
  })

  it('is cut to the millisecond, with any number of digits and any offset', () => {
    const offset = fc.integer({ min: -14 * 60, max: 14 * 60 })
    const instant = fc.date({ min: new Date('1970-01-02'), max: new Date('2999-12-31'), noInvalidDate: true })
    fc.assert(
      fc.property(instant, offset, fc.stringMatching(/^\d{0,6}$/), fc.boolean(), (date, minutes, digits, isLower) => {
        const local = new Date(date.getTime() + minutes * 60_000).toISOString().slice(0, -1)
        const two = (value: number) => String(Math.trunc(value)).padStart(2, '0')
        const sign = minutes < 0 ? '-' : '+'
        const text = `${local}${digits}${sign}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`
        const written = isLower ? text.toLowerCase() : text
        expect(isTimestamp(written)).toBe(true)
        expect(parseInstantMs(written)).toBe(date.getTime())
      }),
    )
  })

  it.each([
    ['2027-01-05T24:00:00Z', 'must not have hour 24; use hour 00 of the next day'],
    ['2027-01-05T24:30:00Z', 'must not have hour 24; use hour 00 of the next day'],
    ['2016-12-31T23:59:60Z', 'must not have second 60: leap seconds are not supported; use the next second'],
    ['2016-12-31t23:59:60.5z', 'must not have second 60: leap seconds are not supported; use the next second'],
    ['2027-02-30T10:00:00Z', 'must be a date and time that exists'],
    ['2027-13-01T10:00:00Z', 'must be a date and time that exists'],
    ['2027-01-05T25:00:00Z', 'must be a date and time that exists'],
    ['2027-01-05T10:60:00Z', 'must be a date and time that exists'],
    ['2027-01-05T10:00:61Z', 'must be a date and time that exists'],
    ['2027-01-05T10:00:00+24:00', 'must be a date and time that exists'],
    ['2027-01-05T10:00:00+05:60', 'must be a date and time that exists'],
  ])('%s is refused with a reason', (text, reason) => {
    expect(isTimestamp(text)).toBe(true)
    expect(parseInstantMs(text)).toBeNaN()
    expect(explainTime(text)).toBe(reason)
  })

  it.each([
    '2027-01-05T10:00:00',
    '2027-01-05 10:00:00Z',
    '2027-01-05T10:00:00.Z',
    '2027-01-05T10:00:00.1234567890Z',
    '2027-01-05T10:00:00,5Z',
    '2027-01-05T10:00:00+0530',
    '2027-01-05T10:00:00 05:30',
    '2027-01-05T10:00Z',
    '2027-01-05',
  ])('%j is not in the form of RFC 3339', (text) => {
    expect(isTimestamp(text)).toBe(false)
  })
})

it('a space in a query stands for a +', () => {
  const errors: { pointer: string; message: string }[] = []
  expect(parsePeriod({ from: '2027-01-05T10:00:00 05:30' }, errors)).toStrictEqual({
    from: Date.parse('2027-01-05T04:30:00Z'),
  })
  expect(errors).toStrictEqual([])
  parsePeriod({ from: '2027-01-05T24:00:00 05:30', to: '2016-12-31T23:59:60 05:30' }, errors)
  expect(errors.map(({ pointer }) => pointer)).toStrictEqual(['/query/from', '/query/to'])
})
