import { describe, expect, it } from 'vitest'
import { judge } from '../../../../functions/hls/judge.ts'
import type { Plan } from '../../../../functions/hls/plan/plan.ts'
import type { MadeTrack } from '../../../../functions/hls/track-files.ts'
import type { MediaInfo } from '../../../../functions/media/media-info.ts'

const VIDEO = { index: 0, codec: 'h264', isDefault: true, rotation: 0, isHdr: false, framesPerSecond: 0.2 }
const AUDIO = { index: 1, codec: 'opus', isDefault: true, channels: 2, durationSeconds: 60, startSeconds: 0 }

function made(endSeconds: number, more: Partial<MadeTrack> = {}): MadeTrack {
  const segment = { startTicks: 0, endTicks: endSeconds, startSeconds: 0, seconds: endSeconds }
  return {
    name: '180p',
    kind: 'video',
    codec: 'avc1.64000C',
    width: 320,
    height: 180,
    ticksPerSecond: 1,
    edits: [],
    defaults: { ticks: 0, bytes: 0, flags: 0 },
    shiftTicks: 0,
    samples: 12,
    startSeconds: 0,
    endSeconds,
    segments: [{ ...segment, name: 'seg-00000.m4s', sizeBytes: 1, keyPictures: [] }],
    ...more,
  }
}

interface Case {
  readonly track: MadeTrack
  readonly sounds?: readonly (typeof AUDIO)[]
  readonly damage?: string
  readonly keepsGoodPart?: boolean
}

/** A film of a minute, of one picture each 5 s, as transport streams. */
function judged({ track, sounds = [], damage, keepsGoodPart = false }: Case) {
  const media: MediaInfo = {
    format: 'mov,mp4',
    isDurationEstimated: false,
    durationSeconds: 60,
    video: [{ ...VIDEO, durationSeconds: 60 }],
    audio: sounds,
    subtitles: [],
    covers: [],
    data: [],
    chapters: 0,
  }
  const plan: Plan = {
    picture: {
      stream: { ...VIDEO, durationSeconds: 60 },
      width: 320,
      height: 180,
      isInterlaced: false,
      transfer: 'smpte2084',
    },
    pictures: [{ name: '180p', how: 'encode', width: 320, height: 180, bitsPerSecond: 400_000 }],
    sounds: sounds.map((stream) => ({ name: 'audio0', how: 'encode', stream })),
    subtitles: [],
    dropped: [],
    warnings: [],
    isTransport: true,
  }
  const parts = { pictures: [track], sounds: [], readPackets: new Map<number, number>(), damage }
  return judge({ plan }, parts, { media, sizeBytes: 1_000 }, keepsGoodPart)
}

describe('the judgement of a presentation', () => {
  it('takes a last picture whose length the encoder has lost, and says so', () => {
    const { flaws, warnings } = judged({ track: made(55) })
    expect(flaws).toEqual([])
    expect(warnings).toEqual([expect.stringMatching(/^the last picture is shown for a moment only/)])
  })

  it.each([
    ['ends a picture too early', { track: made(50) }],
    ['ends early where the decoder complained', { track: made(55), damage: 'damaged' }],
  ])('refuses one that %s, and names the option that keeps the intact part', (_, given) => {
    expect(judged(given)).toMatchObject({
      flaws: expect.arrayContaining([expect.stringMatching(/^the file declares 60\.0 s/)]),
      isIntactPartFine: true,
    })
  })

  it('does not recommend the intact part for a flaw that has nothing to do with it', () => {
    const { flaws, isIntactPartFine } = judged({ track: made(60, { width: 640 }) })
    expect(flaws).toEqual(['180p is 640 x 180, and 320 x 180 was asked for'])
    expect(isIntactPartFine).toBe(false)
  })

  it('refuses a transport stream whose encoded sound ends early', () => {
    const track = made(60, { soundSamples: 1_000, soundEndSeconds: 20 })
    expect(judged({ track, sounds: [AUDIO] }).flaws).toEqual([
      'the sound of 180p ends at 20.0 s, and the file declares 60.0 s of it: what follows could not be decoded',
    ])
    expect(judged({ track: { ...track, soundEndSeconds: 60 }, sounds: [AUDIO] }).flaws).toEqual([])
  })
})
