import { describe, expect, it } from 'vitest'
import { unreadableAmr } from '../../../../../functions/chunk/plan/left-out.ts'

const sound = (codec: string, durationSeconds: number) => ({
  index: 2,
  codec,
  isDefault: true,
  durationSeconds,
})
const of400 = { streams: [{ index: 2, nb_frames: '40' }] }
const unreadable = (mode: 'copy' | 'exact', version: string, codec = 'amr_nb', seconds = 8) =>
  [...unreadableAmr(of400, [sound(codec, seconds)], { mode, version })].flat()

describe('unreadableAmr', () => {
  it('leaves out AMR with ten frames in each sample where nothing can take it apart, and says what can', () => {
    expect(unreadable('copy', '7.0.2-static')).toEqual([
      2,
      expect.stringMatching(/without decoding it: mode "exact" can/),
    ])
    expect(unreadable('exact', '5.1.9-0+deb12u1')).toEqual([2, expect.stringMatching(/FFmpeg 7/)])
    expect(unreadable('copy', '5.1.9')).toEqual([2, expect.stringMatching(/FFmpeg 7 with mode "exact"/)])
  })
  it('decodes it with builds that can', () => {
    expect([...unreadable('exact', '7.0.2-static'), ...unreadable('exact', 'N-47683-g0e8eb07980')]).toEqual(
      [],
    )
  })
  it('keeps AMR with one frame in each sample, and other sound', () => {
    expect([...unreadable('copy', '5.1', 'amr_wb', 0.8), ...unreadable('copy', '5.1', 'aac')]).toEqual([])
  })
})
