import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  clock,
  createCueReader,
  createTextLimit,
  cuesOf,
  webvtt,
} from '../../../../functions/media/webvtt.ts'
import { cueText } from '../../../../functions/media/cue-text.ts'
import { strictWebvtt } from '../../../helpers/strict-webvtt.ts'

const FROM_FFMPEG = `WEBVTT

00:01.000 --> 00:02.500
Hello <b>you</b>

00:02.000 --> 01:00:04.000
A --> B & C < D
second line

`

describe('cues', () => {
  test('are read with their times, hours or none, and written again so that no text can tear them', () => {
    const cues = cuesOf(FROM_FFMPEG)
    expect(cues.map(({ startSeconds, endSeconds }) => [startSeconds, endSeconds])).toEqual([
      [1, 2.5],
      [2, 3_604],
    ])
    expect(webvtt(cues)).toBe(
      'WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nHello <b>you</b>\n\n00:00:02.000 --> 01:00:04.000\nA --&gt; B &amp; C &lt; D\nsecond line\n',
    )
  })

  test('stay when they overlap, and are ordered by their start', () => {
    const cues = cuesOf('WEBVTT\n\n00:05.000 --> 00:09.000\nlate\n\n00:01.000 --> 00:08.000\nearly\n')
    expect(cues.map(({ text }) => text)).toEqual(['early', 'late'])
  })

  test('end with the film, and those after it, empty or backward are left out', () => {
    const text = [
      'WEBVTT',
      '',
      '00:01.000 --> 1193:02:47.295',
      'no end',
      '',
      '00:02.000 --> 00:03.000',
      '<b> </b>',
      '',
      '00:04.000 --> 00:04.000',
      'no time',
      '',
      '00:10.000 --> 00:12.000',
      'after the end',
    ].join('\n')
    expect(cuesOf(text, { lengthSeconds: 10 })).toEqual([{ startSeconds: 1, endSeconds: 10, text: 'no end' }])
  })

  test('of a text with a timing in it are one cue', () => {
    const [cue, ...more] = cuesOf('WEBVTT\n\n00:01.000 --> 00:02.000\nsee\n00:05.000 --> 00:06.000\n')
    expect(more).toEqual([])
    expect(cue?.text).toBe('see\n00:05.000 --&gt; 00:06.000')
  })

  test('keep a name and notes before the first cue out', () => {
    expect(cuesOf('WEBVTT - a title\n\nNOTE written by hand\n\n00:01.000 --> 00:02.000 line:0\nx\n')).toEqual(
      [{ startSeconds: 1, endSeconds: 2, text: 'x' }],
    )
  })

  test('of none are a file without cues', () => {
    expect(cuesOf('WEBVTT\n\n')).toEqual([])
    expect(webvtt([])).toBe('WEBVTT\n')
  })

  test('of more text than a film has are refused', () => {
    const reader = createCueReader()
    const line = 'x'.repeat(1024 ** 2)
    expect(() => {
      for (let count = 0; count < 33; count++) reader.add(line)
    }).toThrow('its subtitles have more than 32 MiB of text')
    // Lines without text take memory too.
    expect(() => cuesOf(`WEBVTT\n\n00:01.000 --> 00:02.000\n${'\n'.repeat(2 * 1024 ** 2)}`)).toThrow('32 MiB')
  })
})

describe('the text of a cue', () => {
  test.each([
    ['<i>one', '<i>one</i>'],
    ['one</i>', 'one'],
    ['<b><i>x</b>y</i>', '<b><i>x</i></b>y'],
    ['<font color="red">x</font>', '&lt;font color="red"&gt;x&lt;/font&gt;'],
    ['<c.yellow.bg_blue>x</c>', '<c.yellow.bg_blue>x</c>'],
    ['<v Anna & Bob>x', '<v Anna &amp; Bob>x</v>'],
    ['<v>x</v>', 'x'],
    ['<v Anna><v Bob>x</v>', '<v Anna>x</v>'],
    ['<ruby>a<rt>b</rt></ruby><rt>c', '<ruby>a<rt>b</rt></ruby>c'],
    ['fish &amp; chips &copy; &', 'fish &amp; chips &amp;copy; &amp;'],
    ['a\n\n  \r\nb\rc', 'a\nb\nc'],
    ['a\0b', 'a\uFFFDb'],
    ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
    ['<b>\n</b>', ''],
  ])('%j is written as %j', (raw, expected) => {
    expect(cueText(raw)).toBe(expected)
  })

  test('keeps times that grow within its own', () => {
    expect(cueText('<00:00:01.500>a <00:00:01.200>b <00:00:05.000>c', 1, 3)).toBe('<00:00:01.500>a b c')
  })

  test('of anything has no empty line and no arrow, and stays the same when written again; the validator has no complaint', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '<b>',
        '</b>',
        '<i>',
        '</i>',
        '<c.a>',
        '</c>',
        '-->',
        '\n',
        '&',
        '&lt;',
        '<',
        '>',
        '<v A>',
      ),
    )
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = cueText(pieces.join(''))
        expect(text).not.toContain('-->')
        expect(text).not.toMatch(/\n\n|^\n|\n$/)
        expect(cueText(text)).toBe(text)
        const file = `WEBVTT\n\n00:01.000 --> 00:03.000\n${pieces.join('')}\n`
        expect(strictWebvtt(webvtt(cuesOf(file))).errors).toEqual([])
      }),
    )
  })
})

test.each([
  [0, '00:00:00.000'],
  [59.9996, '00:01:00.000'],
  [360_000, '100:00:00.000'],
])('%d s are written as %s', (seconds, expected) => {
  expect(clock(seconds)).toBe(expected)
})

test('all subtitles of a file together have at most 64 MiB of text, empty lines included', () => {
  const count = createTextLimit()
  const line = 'x'.repeat(1024 ** 2)
  for (let place = 0; place < 63; place++) count(line)
  expect(() => count(line)).toThrow('its subtitles have more than 64 MiB of text')
  const empty = createTextLimit()
  for (let place = 0; place < 2 * 1024 ** 2; place++) empty('')
  expect(() => empty('')).toThrow('its subtitles have more than 64 MiB of text')
})
