/** Codecs that MPEG-TS has not, from their sender to the player: pieces of fragmented MP4 in the playlist. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { makeMedia } from '../helpers/clips.ts'
import { playedToTheEnd, startPlayer } from '../helpers/streams/player.ts'
import { chromium } from '../helpers/streams/programs.ts'
import { useReceiver } from '../helpers/streams/receiver.ts'
import { endSenders } from '../helpers/streams/senders.ts'

const browser = await chromium()
const used = useReceiver({ SLUICE_STREAMS_RECONNECT: '20s' })
afterEach(endSenders)

const SECONDS = 8
const CODECS = {
  vp9: { file: 'vp9.webm', words: '-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 25 -c:a libopus' },
  flac: { file: 'flac.mkv', words: '-c:v libx264 -preset ultrafast -g 25 -pix_fmt yuv420p -c:a flac' },
} as const

async function put(name: string, bytes: Buffer) {
  const response = await fetch(`http://127.0.0.1:${used.httpPort}/v1/streams/${name}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${used.secret}` },
    body: new Uint8Array(bytes),
  })
  expect(response.status).toBe(201)
}

it.each(['vp9', 'flac'] as const)(
  'a stream of %s is in its playlist, and hls.js plays all of it',
  async (name) => {
    const { file, words } = CODECS[name]
    const path = await makeMedia(join(used.stack.dir, file), words, SECONDS)
    await put(name, await readFile(path))
    await used.ended(name)
    const playlist = await (await fetch(`${used.stack.apiUrl}/v1/streams/${name}/live.m3u8`)).text()
    const maps = playlist.match(/^#EXT-X-MAP:URI="sessions\/[^"]+\.mp4",BYTERANGE="\d+@0"$/gm)
    expect(maps).toHaveLength(SECONDS / 2)
    expect(playlist).not.toContain('#EXT-X-DISCONTINUITY')
    if (browser === undefined) return
    const player = await startPlayer(browser, `/v1/streams/${name}/live.m3u8`, async (asked) => {
      const response = await fetch(`${used.stack.apiUrl}${asked}`)
      return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined
    })
    try {
      const state = await playedToTheEnd(player)
      expect(state.errors.filter(({ isFatal }) => isFatal)).toEqual([])
      expect(state.fragments.map(({ number }) => number)).toEqual([0, 1, 2, 3])
      expect(state.shown + state.dropped).toBeGreaterThanOrEqual(0.95 * SECONDS * 25)
    } finally {
      await player.stop()
    }
  },
)
