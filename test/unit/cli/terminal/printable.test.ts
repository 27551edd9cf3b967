import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escaped, printable } from '../../../../runtime/printable.ts'
import { fit, padded, widthOf, wrapped } from '../../../../runtime/cli/terminal/printable.ts'

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
