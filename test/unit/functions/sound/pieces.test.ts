import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { createPieces, type SpeechPiece } from '../../../../functions/sound/pieces.ts'
import { createQuietFinder, cutOf } from '../../../../functions/sound/silence.ts'
import { maxSamplesOf } from '../../../../functions/sound/speech-format.ts'
import { mustAddUp, mustBeFew } from '../../../../functions/sound/whole.ts'

const scratch = await mkdtemp(join(tmpdir(), 'sluice-pieces-'))
afterAll(() => rm(scratch, { recursive: true }))

describe('silence', () => {
  const quietsOf = (samples: readonly number[]) => {
    const finder = createQuietFinder({ sampleRate: 10, thresholdDb: -40, minSeconds: 0.3 })
    finder.add(Int16Array.from(samples))
    return finder
  }
  const [loud, soft] = [1_000, 100]

  it('is three quiet samples or more, and ends with a loud one of either sign', () => {
    const finder = quietsOf([loud, soft, -soft, 0, -loud, soft, soft, loud, 0, 0, 0, 0])
    expect(finder.quiets).toEqual([{ start: 1, end: 4 }])
    expect(finder.current()).toEqual({ start: 8, end: 12 })
    finder.finish()
    expect(finder.quiets).toHaveLength(2)
  })
})

describe('a cut', () => {
  const piece = { start: 100, limit: 200, margin: 5 }
  it('is in the middle of the last silence of the second half', () => {
    const quiets = [
      { start: 110, end: 130 },
      { start: 160, end: 170 },
      { start: 180, end: 190 },
    ]
    expect(cutOf(piece, quiets, undefined)).toEqual({ at: 185, reason: 'silence' })
  })

  it('is at the limit when only the first half was silent', () => {
    expect(cutOf(piece, [{ start: 110, end: 130 }], undefined)).toEqual({ at: 200, reason: 'limit' })
  })

  it('leaves a margin before the next word when the limit falls into a silence', () => {
    expect(cutOf(piece, [], { start: 150, end: 200 })).toEqual({ at: 195, reason: 'silence' })
  })
})

describe('pieces', () => {
  it('joined are the sound, sample by sample, wherever it is silent and however it comes', async () => {
    const stretch = fc.tuple(fc.constantFrom(0, 5_000), fc.integer({ min: 1, max: 4_000 }))
    await fc.assert(
      fc.asyncProperty(
        fc.array(stretch, { minLength: 1 }),
        fc.integer({ min: 1, max: 999 }),
        async (parts, step) => {
          const sound = Int16Array.from(
            parts.flatMap(([level, count]) => Array.from({ length: count }, (_, at) => level + (at % 7))),
          )
          const files: { piece: SpeechPiece; bytes: Buffer }[] = []
          const pieces = createPieces({
            scratch,
            maxSamples: 3_000,
            silenceDb: -40,
            silenceSeconds: 0.01,
            onPiece: async (piece) => void files.push({ piece, bytes: await readFile(piece.path) }),
          })
          for (let at = 0; at < sound.length; at += step) await pieces.add(sound.subarray(at, at + step))
          await pieces.finish()
          const joined = Buffer.concat(files.map(({ bytes }) => bytes.subarray(44)))
          expect(joined.equals(Buffer.from(sound.buffer))).toBe(true)
          for (const { piece, bytes } of files) {
            expect(piece.samples).toBeLessThanOrEqual(3_000)
            expect(bytes.readUInt32LE(40)).toBe(piece.samples * 2)
            expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8)
          }
          mustAddUp(
            files.map(({ piece }) => ({ file: piece.path, ...piece })),
            sound.length,
            sound.length / 16_000,
          )
        },
      ),
      { numRuns: 30 },
    )
  })

  it('of silence are the whole of it, also where the silence that is asked for is longer than a piece', async () => {
    const pieces: SpeechPiece[] = []
    const options = { scratch, maxSamples: 1_000, silenceDb: -40, silenceSeconds: 0.2 }
    const cut = createPieces({ ...options, onPiece: async (piece) => void pieces.push(piece) })
    for (let at = 0; at < 10_000; at += 500) await cut.add(new Int16Array(500))
    await cut.finish()
    expect(pieces.every(({ samples }) => samples >= 500 && samples <= 1_000)).toBe(true)
    const parts = pieces.map(({ path, ...piece }) => ({ file: path, ...piece }))
    mustAddUp(parts, 10_000, undefined)
  })

  it.each([
    [
      'a sample is missing',
      [{ file: 'a', startSample: 0, samples: 9 }],
      10,
      undefined,
      'the pieces have 9 samples',
    ],
    [
      'two overlap',
      [
        { file: 'a', startSample: 0, samples: 9 },
        { file: 'b', startSample: 8, samples: 2 },
      ],
      10,
      undefined,
      'b begins at sample 8',
    ],
    ['there is none', [], 0, undefined, 'no sound could be decoded'],
    [
      'FFmpeg counted more',
      [{ file: 'a', startSample: 0, samples: 16_000 }],
      16_000,
      1.5,
      'FFmpeg decoded 24000 samples',
    ],
  ] as const)('are refused when %s', (_, parts, total, written, message) => {
    expect(() => mustAddUp(parts, total, written)).toThrow(message)
  })

  it('are as long as asked, or as long as their bytes allow', () => {
    expect(maxSamplesOf('wav', 600, 25_000_000)).toBe(9_600_000)
    expect(maxSamplesOf('wav', 600, 65_536)).toBe(32_746)
    expect(maxSamplesOf('m4a', 600, 65_536)).toBe(117_964)
  })
})

it('a sound has ten thousand pieces at most, and its refusal says what makes fewer', () => {
  expect(() => mustBeFew(9_999)).not.toThrow()
  expect(() => mustBeFew(10_000)).toThrow('it has more than 10000 pieces: choose longer "seconds"')
})
