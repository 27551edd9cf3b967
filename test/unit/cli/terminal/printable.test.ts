import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { timeArgument } from '../../../../runtime/cli/arguments.ts'
import { ageText, durationText } from '../../../../runtime/cli/terminal/amounts.ts'
import { formatBytes } from '../../../../runtime/amounts.ts'
import {
  escaped,
  fit,
  padded,
  printable,
  widthOf,
  wrapped,
} from '../../../../runtime/cli/terminal/printable.ts'

describe('printable', () => {
  it.each([
    { name: 'ordinary text stays', text: 'Ferien – Straße.mp4', expected: 'Ferien – Straße.mp4' },
    { name: 'line breaks and tabs', text: 'a\nb\tc\r', expected: 'a\\nb\\tc\\r' },
    {
      name: 'what a terminal obeys',
      text: '\u001b]0;title\u0007\u009b31m',
      expected: '\\e]0;title\\x07\\x9b31m',
    },
    { name: 'what turns the direction', text: 'a\u202egpj.exe', expected: 'a\\u{202e}gpj.exe' },
    { name: 'half a character', text: 'a\ud800b', expected: 'a\\u{d800}b' },
    { name: 'emoji stay whole', text: '👩‍👧.mp4', expected: '👩‍👧.mp4' },
  ])('$name', ({ text, expected }) => expect(printable(text)).toBe(expected))
})

describe('escaped', () => {
  it('distinguishes a line break from a backslash and an n, and a program can restore the text', () => {
    expect(escaped('a\nb')).toBe('a\\nb')
    expect(escaped('a\\nb')).toBe('a\\\\nb')
    const unescaped = (text: string) =>
      text.replaceAll(/\\(?:u\{([0-9a-f]+)\}|x([0-9a-f]{2})|(.))/g, (_, wide, byte, char) =>
        char === undefined
          ? String.fromCodePoint(Number.parseInt((wide ?? byte) as string, 16))
          : ({ n: '\n', r: '\r', t: '\t', e: '\u001b' }[char as string] ?? (char as string)),
      )
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('', '\n', '\\n', '\\', '\u202e', '\t'),
        (text, end) => {
          expect(unescaped(escaped(text + end))).toBe(text + end)
          expect(escaped(text + end)).not.toMatch(/[\n\t]/)
        },
      ),
    )
  })
})

describe('the width on a terminal', () => {
  it.each([
    ['abc', 3],
    ['日本', 4],
    ['e\u0301', 1],
    ['👩‍👧', 2],
  ])('of %s is %i', (text, width) => expect(widthOf(text)).toBe(width))

  it('decides how columns are padded and shortened', () => {
    expect(padded('日', 4)).toBe('日  ')
    expect(padded('7', 3, true)).toBe('  7')
    expect(fit('holiday-2024-part-one.mp4', 13)).toBe('holida…ne.mp4')
    expect(widthOf(fit('日'.repeat(30), 11))).toBeLessThanOrEqual(11)
  })

  it('decides where paragraphs are wrapped, and keeps each space of a key', () => {
    expect(wrapped('one two three', 8)).toBe('one two\nthree')
    expect(wrapped('a  b', 8)).toBe('a  b')
    expect(wrapped('a-very-long-word b', 5)).toBe('a-very-long-word\nb')
  })
})

describe('amounts', () => {
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

  it('are short', () => {
    expect([40, 1_540, 45_000, 360_000, 4 * 3_600_000, 3 * 86_400_000].map(durationText)).toEqual([
      '40ms',
      '1.5s',
      '45s',
      '6m',
      '4h',
      '3d',
    ])
    expect([0, 1_023, 1_536, 300 * 1024 ** 2, 2 * 1024 ** 4].map(formatBytes)).toEqual([
      '0 bytes',
      '1023 bytes',
      '1.5 KiB',
      '300 MiB',
      '2 TiB',
    ])
    expect(ageText('2026-11-23T11:59:00Z', now)).toBe('60s')
  })
})
