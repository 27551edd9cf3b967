/** Every door, with the programs of other people: each picture that was sent arrives once and in order. */
import { describe, expect, it } from 'vitest'
import { everyFfmpegBuild, ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { curl, gstreamer } from '../helpers/streams/programs.ts'
import { allOf } from '../helpers/streams/pictures.ts'
import {
  feedFile,
  putByCurl,
  putByFfmpeg,
  rtmpByFfmpeg,
  rtmpByGstreamer,
  sentAll,
} from '../helpers/streams/senders.ts'
import { isThorough } from '../helpers/thorough.ts'
import { filmAsMp4 } from '../helpers/streams/reference.ts'
import { useStreams } from '../helpers/streams/use-streams.ts'

const builds = isThorough ? (await everyFfmpegBuild()).builds : await ffmpegBuilds()
const [curlPath, gstPath] = [await curl(), await gstreamer()]
const used = useStreams()
/** At the speed of the film; the whole film goes through as fast as it can. */
const REAL_TIME_SECONDS = 8

describe.each(builds.map((build, index) => ({ ...build, tag: `b${index}` })))(
  'sent by $name',
  ({ ffmpegPath, tag }) => {
    it.concurrent.each(['mpegts', 'flv', 'matroska'])('a film by PUT as %s arrives whole', async (format) => {
      const name = `put-${format}-${tag}`
      const path = format === 'matroska' ? await filmAsMp4(used.film) : used.film.path
      await sentAll(putByFfmpeg(ffmpegPath, { path }, await used.http(name), format))
      const record = await used.record(name)
      expect(record).toMatchObject({ why: 'sender-finished', gaps: [], losses: [] })
      expect(record.totals.seconds).toBeCloseTo(60, 0)
      expect(await used.compared(name)).toEqual(allOf(1500))
    })

    it.concurrent('a film by RTMP arrives whole, as fast as it can be sent', async () => {
      const name = `rtmp-${tag}`
      await sentAll(rtmpByFfmpeg(ffmpegPath, { path: used.film.path }, await used.rtmp(name)))
      expect(await used.record(name)).toMatchObject({ gaps: [], losses: [] })
      expect(await used.compared(name)).toEqual(allOf(1500))
    })

    it.concurrent('a camera by RTMP arrives whole, from its first picture', async () => {
      const name = `rtmp-live-${tag}`
      const film = { path: used.film.path, seconds: REAL_TIME_SECONDS, isRealTime: true }
      await sentAll(rtmpByFfmpeg(ffmpegPath, film, await used.rtmp(name)))
      await used.record(name)
      const compared = await used.compared(name)
      expect(compared).toMatchObject({ unknown: 0, doubled: [], backwards: 0, span: { from: 0 } })
      // FFmpeg ends within a group of B-frames.
      expect(compared.lost.every(({ from }) => from > REAL_TIME_SECONDS * 25 - 5)).toBe(true)
      expect(compared.count).toBeGreaterThan(REAL_TIME_SECONDS * 25 - 5)
    })
  },
)

it.skipIf(curlPath === undefined)('a film by curl -T - arrives whole, and curl gets the totals', async () => {
  const name = 'curl'
  const sender = putByCurl(curlPath ?? '', await used.http(name))
  feedFile(sender, used.film.path)
  const { said } = await sender.ended
  expect(said).toMatch(/\n201$/)
  const record = await used.record(name)
  expect(JSON.parse(said.slice(0, said.lastIndexOf('\n')))).toMatchObject({
    name,
    session: record.session,
    pieces: record.totals.pieces,
    seconds: record.totals.seconds,
  })
  expect(await used.compared(name)).toEqual(allOf(1500))
})

it.skipIf(gstPath === undefined)('a film by RTMP from GStreamer arrives whole', async () => {
  const name = 'gst-rtmp'
  await sentAll(rtmpByGstreamer(gstPath ?? '', used.film.path, await used.rtmp(name)))
  await used.record(name)
  expect(await used.compared(name)).toEqual(allOf(1500))
})

it('every piece is an upload: a function has run on each of them', async () => {
  const { pieces } = await used.record('curl')
  expect(pieces.length).toBeGreaterThan(25)
  for (const { key } of pieces) await used.runs.reached(key, 'succeeded')
})
