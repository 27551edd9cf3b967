/** The player that other tests use, on a playlist that FFmpeg writes: what it tells is what is there. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { clipFolder } from '../helpers/clips.ts'
import { chromium } from '../helpers/streams/programs.ts'
import { playedToTheEnd, startPlayer } from '../helpers/streams/player.ts'
import { makeReference } from '../helpers/streams/reference.ts'
import { filmArgs, startSender } from '../helpers/streams/senders.ts'

const browser = await chromium()
let folder: string
beforeAll(async () => {
  folder = await clipFolder()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it.skipIf(browser === undefined)(
  'plays a playlist in Chromium to its end, and tells each fragment and every picture',
  async () => {
    const { path } = await makeReference(folder, 6)
    const [build] = await ffmpegBuilds()
    const list = join(folder, 'live.m3u8')
    const output = ['-f', 'hls', '-hls_time', '2', '-hls_list_size', '0', list]
    const made = await startSender(build?.ffmpegPath ?? 'ffmpeg', [...filmArgs({ path }), ...output]).ended
    expect(made).toMatchObject({ code: 0 })
    const player = await startPlayer(browser ?? '', '/live.m3u8', (name) =>
      readFile(join(folder, name)).catch(() => undefined),
    )
    try {
      const state = await playedToTheEnd(player)
      expect(state.errors.filter(({ isFatal }) => isFatal)).toEqual([])
      expect(state.fragments.map(({ number }) => number)).toEqual([0, 1, 2])
      expect(state.width).toBe(320)
      expect(state.shown + state.dropped).toBeGreaterThan(0.9 * 150)
      expect(state.isLive).toBe(false)
    } finally {
      await player.stop()
    }
  },
)
