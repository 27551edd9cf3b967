import { describe, expect, it } from 'vitest'
import { sniff } from '../../../../../functions/media/bytes/sniff.ts'

const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))),
  )
const riff = (size: number, type: string) => {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(size)
  return bytes('RIFF', [...length], type, [0, 0, 0, 1])
}

describe('sniff', () => {
  it.each([
    ['nothing', bytes(), 'empty (0 bytes)'],
    ['zeros', Buffer.alloc(100), 'only zeros, not media'],
    ['text', bytes('just some words\n'), 'text, not media'],
    ['text in UTF-16', Buffer.from('\uFEFFjust some words', 'utf16le'), 'text, not media'],
    ['text in UTF-16, big endian', Buffer.from('\uFEFFjust words', 'utf16le').swap16(), 'text, not media'],
    [
      'an HLS playlist behind a byte order mark',
      Buffer.from('\uFEFF#EXTM3U\n'),
      'an HLS playlist, not media',
    ],
    ['ffconcat', bytes('ffconcat version 1.0\n'), 'a list of other files for FFmpeg, not media'],
    ['DASH behind an XML header', bytes('<?xml version="1.0"?>\n<MPD x>'), 'a DASH manifest, not media'],
    ['SVG', bytes('<svg xmlns="x">'), 'an SVG picture'],
    ['HTML', bytes('<!DOCTYPE html><p>'), 'an HTML page'],
    ['HTML without a type', bytes('  <html>'), 'an HTML page'],
    ['SDP', bytes('v=0\r\no=- 0'), 'a session description (SDP), not media'],
    ['ZIP', bytes('PK', [3, 4, 0]), 'a ZIP archive'],
    ['gzip', bytes([0x1f, 0x8b, 8, 0]), 'a gzip archive'],
    ['PDF', bytes('%PDF-1.7'), 'a PDF document'],
    ['ELF', bytes([0x7f], 'ELF', [2, 1]), 'a program (ELF)'],
    ['JPEG', bytes([0xff, 0xd8, 0xff, 0xe0]), 'a JPEG picture'],
    ['PNG', bytes([0x89], 'PNG', [13, 10]), 'a PNG picture'],
    ['GIF', bytes('GIF89a', [0, 0]), 'a GIF picture'],
    ['WebP', riff(100, 'WEBP'), 'a WebP picture'],
  ])('refuses %s', (_name, head, refusal) => {
    expect(sniff(head).refusal).toBe(refusal)
  })

  it.each([
    ['MP4', bytes([0, 0, 0, 32], 'ftypisom', [0, 0, 2, 0]), 'mov'],
    ['QuickTime that begins with its media', bytes([0, 0, 0, 8], 'wide', [0, 1, 0, 0], 'mdat'), 'mov'],
    ['an AVI', riff(100, 'AVI '), 'avi'],
    ['a WAV', riff(100, 'WAVE'), 'wav'],
    ['AIFF', bytes('FORM', [0, 0, 0, 9], 'AIFF', [0]), 'aiff'],
    ['FLV', bytes('FLV', [1, 5, 0, 0, 0, 9]), 'flv'],
    ['MPEG-PS', bytes([0, 0, 1, 0xba, 0x44]), 'mpeg'],
    [
      'MPEG-TS',
      Buffer.concat(Array.from({ length: 8 }, () => bytes('G@', Array<number>(186).fill(0)))),
      'mpegts',
    ],
    ['the beginning of MPEG-TS', bytes('G@', [0, 0x10, 0]), undefined],
    ['MP3', bytes([0xff, 0xfb, 0x90, 0x64, 0]), undefined],
    ['sound that begins like a byte order mark', bytes([0xff, 0xfe, 0x90, 0x64, 1, 2, 3, 4]), undefined],
    ['ID3, behind which anything may come', bytes('ID3', [4, 0, 0, 0, 0]), undefined],
    ['FLAC', bytes('fLaC', [0, 0, 0, 34]), 'flac'],
    ['Ogg', bytes('OggS', [0, 2]), 'ogg'],
  ])('lets %s through, and knows its demuxer where that is certain', (_name, head, demuxer) => {
    const { refusal, ...known } = sniff(head)
    expect(refusal).toBeUndefined()
    expect(known.demuxer).toBe(demuxer)
  })

  it('tells WebM from other Matroska', () => {
    const ebml = [0x1a, 0x45, 0xdf, 0xa3, 0x9f, 0x42, 0x82, 0x84]
    expect(sniff(bytes(ebml, 'webm', [0])).isWebm).toBe(true)
    expect(sniff(bytes(ebml, 'matroska', [0])).isWebm).toBe(false)
  })

  it.each([
    { name: 'WAV from a pipe', head: riff(0xffff_ffff, 'WAVE'), isLengthUnknown: true },
    { name: 'WAV that was never filled in', head: riff(0, 'WAVE'), isLengthUnknown: true },
    { name: 'WAV that tells its length', head: riff(1_000, 'WAVE'), isLengthUnknown: false },
    { name: 'AVI of a recorder that crashed', head: riff(0, 'AVI '), isLengthUnknown: false },
  ])('knows whether the length is known of $name', ({ head, isLengthUnknown }) => {
    expect(sniff(head).isLengthUnknown).toBe(isLengthUnknown)
  })

  it.each([
    { name: 'what RIFF declares', size: 1_000, declaredBytes: 1_008 },
    { name: 'nothing when it was written to a pipe', size: 0xffff_ffff, declaredBytes: undefined },
    { name: 'nothing when it was never filled in', size: 0, declaredBytes: undefined },
  ])('reads $name', ({ size, declaredBytes }) => {
    expect(sniff(riff(size, 'WAVE')).declaredBytes).toBe(declaredBytes)
  })

  it.each([
    {
      name: 'what the Segment of Matroska declares',
      length: [0x40, 0x64],
      declaredBytes: 4 + 1 + 3 + 4 + 2 + 100,
    },
    {
      name: 'the same in eight bytes',
      length: [1, 0, 0, 0, 0, 0, 1, 0],
      declaredBytes: 4 + 1 + 3 + 4 + 8 + 256,
    },
    {
      name: 'nothing of a live recording',
      length: [1, ...Array<number>(7).fill(0xff)],
      declaredBytes: undefined,
    },
    { name: 'nothing of a length that is none', length: [0, 0, 0, 0], declaredBytes: undefined },
  ])('reads $name', ({ length, declaredBytes }) => {
    const head = [0x1a, 0x45, 0xdf, 0xa3, 0x83, 7, 7, 7, 0x18, 0x53, 0x80, 0x67, ...length]
    expect(sniff(Buffer.from([...head, ...Array<number>(32).fill(7)])).declaredBytes).toBe(declaredBytes)
  })

  it.each([
    { name: 'a transport stream', packetBytes: 188, offset: 0, expected: 188 },
    { name: 'one with time stamps, as cameras write it', packetBytes: 192, offset: 4, expected: 192 },
    {
      name: 'something else that begins with the same byte',
      packetBytes: 190,
      offset: 0,
      expected: undefined,
    },
  ])('reads the packets of $name', ({ packetBytes, offset, expected }) => {
    const head = Buffer.alloc(4_096, 1)
    for (let at = offset; at < head.length; at += packetBytes) head[at] = 0x47
    expect(sniff(head).packetBytes).toBe(expected)
  })
})
