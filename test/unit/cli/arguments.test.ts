/** Times on a command line. */
import { expect, it } from 'vitest'
import { timeArgument } from '../../../runtime/cli/arguments.ts'

const now = Date.parse('2026-11-23T12:00:00Z')

it.each([
  ['2d', '2026-11-21T12:00:00.000Z'],
  ['90m', '2026-11-23T10:30:00.000Z'],
  ['2026-11-23', '2026-11-23T00:00:00.000Z'],
  ['2026-11-23T14:00:00+02:00', '2026-11-23T12:00:00.000Z'],
])('%s is the time %s', (text, time) => expect(timeArgument(text, now)).toBe(time))

it.each(['', 'yesterday', '-2d', '2026', '2026-02-31T00:00', '9999999999d'])('%j is not a time', (text) => {
  expect(() => timeArgument(text, now)).toThrow(/is not a time/)
})
