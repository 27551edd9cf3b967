import { describe, expect, it } from 'vitest'
import type { ChunkTrack } from '../../../../../functions/chunk/tracks/tracks.ts'
import { createCutLosses } from '../../../../../functions/chunk/proof/cut-losses.ts'

const video = { index: 0, codec: 'h264', isDefault: true }
const sound = (codec: string) => ({ index: 2, codec, isDefault: true })
const track = (kind: ChunkTrack['kind'], more: Partial<ChunkTrack> = {}): ChunkTrack => ({
  kind,
  packets: 50,
  perSecond: 1_000,
  endSeconds: 2,
  hidden: 0,
  keyframes: 2,
  beginsWithKeyframe: true,
  isIndependent: true,
  ...more,
})

describe('what is lost at the cuts of a copy', () => {
  it('is nothing where each chunk plays by itself', () => {
    const losses = createCutLosses([video, sound('aac')])
    losses.add({
      tracks: [track('video'), track('audio', { firstPacketSeconds: 0.02 })],
      isIndependent: true,
    })
    losses.add({ tracks: undefined, isIndependent: undefined })
    expect(losses.warnings()).toEqual([])
  })

  it('is one warning for the pictures that need the previous chunk: at how many cuts, and the longest', () => {
    const losses = createCutLosses([video])
    for (const leanSeconds of [0.08, 0.15])
      losses.add({ tracks: [track('video', { leanSeconds })], isIndependent: false })
    losses.add({ tracks: [track('video')], isIndependent: true })
    expect(losses.warnings()).toEqual([
      expect.stringMatching(
        /^2 chunks begin with pictures .*skip these few pictures \(up to 150 ms at a cut\)/,
      ),
    ])
  })

  it('comes from the list of segments where the tables do not tell, without a number where neither does', () => {
    const [listed, unknown] = [createCutLosses([video]), createCutLosses([video])]
    listed.add({ tracks: [track('video')], isIndependent: false, leanSeconds: 0.12 })
    expect(listed.warnings().join()).toMatch(/^1 chunk begins .*up to 120 ms/)
    unknown.add({ tracks: [track('video')], isIndependent: false })
    expect(unknown.warnings().join()).toMatch(/skip these few pictures;/)
  })

  it('is the first packet of Vorbis, which gives no sound without the previous one', () => {
    const losses = createCutLosses([video, sound('vorbis')])
    for (const firstPacketSeconds of [0.003, 0.023])
      losses.add({ tracks: [track('video'), track('audio', { firstPacketSeconds })], isIndependent: true })
    losses.add({ tracks: [track('video'), track('audio', { packets: 0 })], isIndependent: true })
    expect(losses.warnings()).toEqual([
      'stream 2 (vorbis): at 2 cuts the first packet (up to 23 ms) gives no sound, because it needs the previous chunk; mode "exact" keeps it all',
    ])
  })
})
