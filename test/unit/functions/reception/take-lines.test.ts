import { describe, expect, it } from 'vitest'
import {
  createCodecReader,
  pieceOf,
  senderKeyOf,
  isOutOfRoom,
  isUnreadable,
} from '../../../../functions/reception/take-lines.ts'

describe('pieceOf', () => {
  it('reads a line of the list', () => {
    const piece = { fileName: '000012.ts', startSeconds: 24.08, endSeconds: 28.08 }
    expect(pieceOf('000012.ts,24.080000,28.080000')).toEqual(piece)
    expect(pieceOf('1000000.mp4,-0.080000,3600.000000\r')?.fileName).toBe('1000000.mp4')
  })
  it.each([
    '',
    '000012.ts',
    '000012.ts,24.080000',
    '000012.ts,24.080000,',
    '000012.ts,nan,28.080000',
    '000012.ts,24.080000,28.080000,1',
    '../000012.ts,24.080000,28.080000',
    '/etc/passwd,0.000000,1.000000',
    '000012.ts\0,0.000000,1.000000',
    '12.ts,0.000000,1.000000',
    '000012.ts,0x10,28.080000',
    '000012.ts,1e9,28.080000',
    '"000012.ts",24.080000,28.080000',
    '000012.exe,24.080000,28.080000',
  ])('takes %j for no piece', (line) => {
    expect(pieceOf(line)).toBeUndefined()
  })
})

describe('senderKeyOf', () => {
  const nonce = '0123456789abcdef'
  const line = (key: string, expected = nonce) =>
    `[rtmp @ 0x55d0b0] [warning] Unexpected stream ${key}, expecting ${expected}`

  it.each(['cam1?key=SECRET', 'cam1', '', 'a, expecting b', 'ü key'])('finds the stream key %j', (key) => {
    expect(senderKeyOf(line(key), nonce)).toBe(key)
  })
  it('does not take a key for another nonce, or one that a sender wrote into its own key', () => {
    expect(senderKeyOf(line('cam1', 'fedcba9876543210'), nonce)).toBeUndefined()
    expect(senderKeyOf(`${line('cam1')}0`, nonce)).toBeUndefined()
    expect(senderKeyOf(`[rtmp @ 0x1] App field x Unexpected stream cam1, expecting ${nonce}`, nonce)).toBe(
      undefined,
    )
  })
})

describe('createCodecReader', () => {
  it('tells the codecs of the output, and not those of the input', () => {
    const read = createCodecReader()
    const lines = [
      "[info] Input #0, flv, from 'pipe:0':",
      '[info]   Stream #0:0: Audio: nellymoser, 22050 Hz, mono',
      '[info]   Stream #0:1: Video: vp6f, yuv420p, 320x180',
      "[info] Output #0, segment, to '%06d.ts':",
      '[info]   Metadata:',
      '[info]     encoder         : Lavf59.27.100',
      '[info]   Stream #0:0(und): Video: h264 (High) (avc1 / 0x31637661), yuv420p',
      '[info]     Side data:',
      '[info]   Stream #0:1[0x101](eng): Audio: aac (LC), 48000 Hz, mono',
      '[info] Stream mapping:',
      '[info]   Stream #0:1 -> #0:0 (copy)',
    ]
    const found = lines.map(read)
    expect(found.flatMap(({ codec }) => codec ?? [])).toEqual(['h264', 'aac'])
    expect(found.findIndex(({ isComplete }) => isComplete)).toBe(lines.indexOf('[info] Stream mapping:'))
  })
})

it.each([
  ['[error] pipe:0: Invalid data found when processing input', true],
  ['[in#0/flv @ 0x6c75d40] [error] Error during demuxing: Invalid data found when processing input', true],
  // What a stream that is cut off at its end leads to.
  ['[matroska,webm @ 0x55714538ba80] [error] File ended prematurely', false],
  ['[flv @ 0x2a762080] [warning] Packet corrupt (stream = 1, dts = 6408), dropping it.', false],
  ['[mov,mp4,m4a,3gp,3g2,mj2 @ 0x55] [error] stream 0, offset 0x4950f: partial file', false],
])('the line %j says that it could not read on: %s', (line, is) => {
  expect(isUnreadable(line)).toBe(is)
})

it.each([
  ['[error] av_interleaved_write_frame(): No space left on device', true],
  ['[out#0/segment @ 0x55] [error] Error submitting a packet to the muxer: No space left on device', true],
  ['[error] av_interleaved_write_frame(): Broken pipe', false],
  ['[info]     title           : No space left on device', false],
])('the line %j says that the disk is full: %s', (line, is) => {
  expect(isOutOfRoom(line)).toBe(is)
})
