import { describe, expect, it } from 'vitest'
import {
  decodingWarning,
  diagnose,
  hasBrokenOff,
  isCutShort,
  isOutOfOrder,
  passedOverWarning,
} from '../../../../../functions/ffmpeg/words/diagnosis.ts'
import { failureOf, mustHaveSucceeded } from '../../../../../functions/ffmpeg/words/failure.ts'

const ended = (...lastLines: string[]) => ({ tool: 'ffmpeg' as const, exitCode: 1, lastLines })
const killed = (signal: NodeJS.Signals) => ({ tool: 'ffmpeg' as const, signal, lastLines: [] })

describe('diagnose', () => {
  it.each([
    {
      line: '[mov,mp4,m4a @ 0x55] moov atom not found',
      reason: /moov atom not found: the file is truncated or not an MP4/,
    },
    { line: '[matroska,webm @ 0x55] EBML header parsing failed', reason: /neither Matroska nor WebM/ },
    { line: "[hls @ 0x55] Format not on whitelist 'mov,mp4'", reason: /its format \(hls\) is not accepted/ },
    { line: "[hls,applehttp @ 0x55] Format not on whitelist 'mov'", reason: /\(hls,applehttp\)/ },
    {
      line: "[avi @ 0x55] Codec (magicyuv) not on whitelist 'h264'",
      reason: /its codec \(magicyuv\) is not accepted/,
    },
    {
      line: "[hls @ 0x55] Protocol 'http' not on whitelist 'file'!",
      reason: /another file or host \(http\)/,
    },
    { line: 'x264 [error]: malloc of size 87210688 failed', reason: /more memory than one file may/ },
    { line: "Unknown encoder 'libx264'", reason: /this FFmpeg has no encoder libx264 \(sluice doctor/ },
    { line: "[vost#0:0 @ 0x1] Unknown encoder 'libx264'", reason: /no encoder libx264/ },
    { line: "[AVFilterGraph @ 0x1] No such filter: 'zscale'", reason: /no filter zscale \(sluice doctor/ },
    { line: "Unrecognized option 'fps_mode'.", reason: /this FFmpeg has no option -fps_mode/ },
    { line: "[NULL @ 0x1] Requested output format 'segment' is not known.", reason: /cannot write segment/ },
    { line: "[in#0 @ 0x3] Unknown input format: 'mxf'", reason: /cannot read mxf/ },
    { line: 'Number of streams exceeds max_streams parameter (64)', reason: /more streams/ },
    {
      line: '[mp4 @ 0x55] Could not find tag for codec vp8 in stream #0',
      reason: /codec \(vp8\) does not fit/,
    },
    { line: 'file:source: corrupt input packet in stream 0', reason: /truncated or damaged/ },
    { line: '[mov @ 0x55] error reading header', reason: /header cannot be read/ },
    { line: '[segment @ 0x55] dimensions not set', reason: /cannot be described/ },
    { line: "Can't write packet with unknown timestamp", reason: /timestamps/ },
    {
      line: '[segment @ 0x1] Non-monotonous DTS in output stream 0:1; previous: 9, current: 8; aborting.',
      reason: /out of order/,
    },
    { line: 'file:source: Invalid argument', reason: /make no sense: the file is damaged/ },
    { line: 'file:source: Invalid data found when processing input', reason: /not a media file/ },
    { line: 'file:source: End of file', reason: /ends too early/ },
    { line: 'file:source: Cannot allocate memory', reason: /asks for more memory/ },
    { line: 'source: Cannot allocate memory', reason: /asks for more memory/ },
    { line: 'file:source: corrupt decoded frame in stream 0', reason: /cannot be decoded/ },
    { line: '[x @ 0x55] something new', reason: /^\[x\] something new$/ },
  ])('finds the file at fault for $line', ({ line, reason }) => {
    expect(diagnose(ended(line))).toEqual({ reason: expect.stringMatching(reason), isPermanent: true })
  })

  it.each([
    'av_interleaved_write_frame(): No space left on device',
    'Disk quota exceeded',
    'Too many open files',
    'Resource temporarily unavailable',
    'chunk-00000.mp4: Permission denied',
    'Error while filtering: Cannot allocate memory',
    '[http @ 0x55] HTTP error 502 Bad Gateway',
    '[http @ 0x55] Stream ends prematurely at 100, should be 200',
  ])('hopes for another attempt after %j', (line) => {
    expect(diagnose(ended(line)).isPermanent).toBe(false)
  })

  it.each([
    { signal: 'SIGSEGV', isPermanent: true },
    { signal: 'SIGABRT', isPermanent: true },
    { signal: 'SIGXFSZ', isPermanent: true },
    { signal: 'SIGXCPU', isPermanent: true },
    { signal: 'SIGKILL', isPermanent: false },
    { signal: 'SIGTERM', isPermanent: false },
  ] as const)('is permanent: $isPermanent for $signal', ({ signal, isPermanent }) => {
    const diagnosis = diagnose(killed(signal))
    expect(diagnosis.isPermanent).toBe(isPermanent)
    expect(diagnosis.reason).toMatch(/ffmpeg|grew larger/)
  })

  it('blames a full disk for what comes of it', () => {
    const diagnosis = diagnose(ended('No space left on device', 'file:source: Invalid data found'))
    expect(diagnosis).toEqual({ reason: expect.stringContaining('disk'), isPermanent: false })
  })

  it('says more than nothing when FFmpeg says nothing', () => {
    expect(diagnose(ended()).reason).toBe('ffmpeg ended with exit code 1')
  })
})

describe('of a run that ended with 0', () => {
  const well = (...lastLines: string[]) => ({ ...ended(...lastLines), exitCode: 0 })
  it('says that it failed when it lost its input', () => {
    const line = '[http @ 0x55] Will reconnect at 329 in 0 second(s), error=End of file.'
    expect(() => mustHaveSucceeded(well(line))).toThrow('could not be read to its end')
    expect(() => mustHaveSucceeded(well('[aac @ 0x55] Estimating duration'))).not.toThrow()
  })
  it('reports a truncated file', () => {
    const result = well('source: corrupt input packet in stream 0')
    expect(isCutShort(result)).toBe(true)
    expect(isCutShort(well())).toBe(false)
  })
  it('warns when not all could be decoded', () => {
    expect(decodingWarning(well('[h264 @ 0x55] error while decoding MB 6 1'))).toMatch(/missing or damaged/)
    expect(decodingWarning(well('Guessed Channel Layout for Input Stream #0.0 : mono'))).toBeUndefined()
  })
})

describe('failureOf', () => {
  it('makes a permanent error of bad input, with FFmpeg’s last lines behind it', () => {
    const error = failureOf({ ...ended('moov atom not found'), tool: 'ffprobe' })
    expect(error.name).toBe('PermanentError')
    expect(error.message).toMatch(/^FFmpeg cannot read the file: moov atom not found/)
    expect(error.cause).toMatchObject({ name: 'ToolError', lastLines: ['moov atom not found'], exitCode: 1 })
  })
  it('makes an error that is tried again of what passes', () => {
    expect(failureOf(killed('SIGKILL'))).toMatchObject({ name: 'ToolError', signal: 'SIGKILL' })
  })
})

describe('a complaint that a flood of others came after', () => {
  const flood = Array.from({ length: 20 }, (_, number) => `[h264 @ 0x55] error while decoding MB ${number} 1`)
  const flooded = (...notableLines: string[]) => ({ ...ended(...flood), notableLines })

  it('is the reason of a failure', () => {
    expect(diagnose(flooded('No space left on device'))).toMatchObject({ isPermanent: false })
    expect(diagnose(flooded("Unknown encoder 'libx264'")).reason).toMatch(/no encoder libx264/)
    expect(diagnose(flooded('file:source: corrupt input packet in stream 0')).reason).toMatch(/truncated/)
  })
  it('counts less than the last lines where FFmpeg may survive it', () => {
    const result = { ...ended('[segment @ 0x55] dimensions not set'), notableLines: ['Packet corrupt'] }
    expect(diagnose(result).reason).toMatch(/cannot be described/)
  })
  it('is not lost of a run that ended well', () => {
    const well = {
      ...flooded('Will reconnect at 329', 'Packet corrupt', '[aac @ 0x1] decode_band_types error'),
      exitCode: 0,
    }
    expect(() => mustHaveSucceeded(well)).toThrow('could not be read to its end')
    expect(isCutShort(well)).toBe(true)
    expect(decodingWarning({ lastLines: [], notableLines: flood.slice(0, 1) })).toMatch(/missing or damaged/)
  })
})

it('says of an FFmpeg that slept over its memory limit that it needs more than it may have', () => {
  expect(diagnose({ ...killed('SIGKILL'), stoodStill: true })).toEqual({
    reason: 'it needs more memory than one file may have',
    isPermanent: true,
  })
})

describe('what FFmpeg says of a copy', () => {
  it.each([
    '[matroska,webm @ 0x14] Read error at pos. 421245 (0x66d7d)',
    '[matroska,webm @ 0x56] 0x00 at pos 421244 (0x66d7c) invalid as first byte of an EBML number',
    '[flv @ 0xb2] Packet mismatch 0 8027 339204',
    '[ogg @ 0x56] CRC mismatch!',
  ])('is that it skipped a part of the file: %s', (line) => {
    expect(passedOverWarning({ lastLines: [], notableLines: [line] })).toMatch(/^the file is damaged inside/)
    expect(passedOverWarning({ lastLines: ['[mp4 @ 0x1] pts has no value'] })).toBeUndefined()
  })

  it('is that packets are out of order, in one word at times, and not where one is incomplete', () => {
    expect(isOutOfOrder(ended('aborting.'))).toBe(true)
    const line =
      '[segment @ 0x2] Non-monotonous DTS in output stream 0:1; previous: 8001, current: 0; aborting.'
    expect(isOutOfOrder(ended(line))).toBe(true)
    expect(isOutOfOrder({ ...ended(line), exitCode: 0 })).toBe(false)
    expect(isOutOfOrder(ended(line, 'source: corrupt input packet in stream 0'))).toBe(false)
  })
})

describe('a reason', () => {
  it.each([
    '[aac @ 0x1] Audio object type 42 is not implemented. Update your FFmpeg version to the newest one from Git.',
    '[vc1 @ 0x1] Unsupported VC-1 profile',
    '[vp9 @ 0x1] Profile 2 is not supported',
    '[hevc @ 0x1] Unsupported bit depth: 14',
  ])('calls a file that this FFmpeg was not made for so, and not damaged: %s', (line) => {
    const said = ended(line, '[segment @ 0x55] dimensions not set')
    expect(diagnose(said).reason).toBe(
      'it uses a coding feature that this FFmpeg cannot read; a newer one may',
    )
  })

  it('is the last line that says something', () => {
    const lines = [
      '[x @ 0x55] something new',
      '    last message repeated 2 times',
      'Conversion failed!',
      'aborting.',
    ]
    expect(diagnose(ended(...lines.map((line) => line.trim()))).reason).toBe('[x] something new')
    expect(diagnose(ended('aborting.')).reason).toBe('aborting.')
  })

  it.each([
    { line: 'file:source: corrupt input packet in stream 0', isBroken: true },
    { line: 'file:source: End of file', isBroken: true },
    { line: '[mp4 @ 0x1] Could not find tag for codec vp8 in stream #0', isBroken: false },
    { line: "Can't write packet with unknown timestamp", isBroken: false },
  ])('is that a file is truncated: $isBroken for $line', ({ line, isBroken }) => {
    expect(hasBrokenOff(ended(line))).toBe(isBroken)
  })
})
