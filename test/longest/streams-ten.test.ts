/** Ten cameras at once: none loses a picture for the others. */
import { expect, it } from 'vitest'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { allOf } from '../helpers/streams/pictures.ts'
import { putByFfmpeg, rtmpByFfmpeg } from '../helpers/streams/senders.ts'
import { useStreams } from '../helpers/streams/use-streams.ts'

const STREAMS = 10
const used = useStreams({
  env: { SLUICE_STREAMS_SECONDS: '4' },
  film: { seconds: 60, size: '640x360', kbitPerSecond: 4_000 },
})
const ffmpeg = (await ffmpegBuilds())[0]?.ffmpegPath ?? 'ffmpeg'

it('ten streams at the same time arrive whole, half of them by RTMP', async () => {
  const film = { path: used.film.path, isRealTime: true }
  const names = Array.from({ length: STREAMS }, (_, index) => `ten-${index}`)
  const ends = await Promise.all(
    names.map(async (name, index) =>
      index % 2 === 0
        ? putByFfmpeg(ffmpeg, film, await used.http(name)).ended
        : rtmpByFfmpeg(ffmpeg, film, await used.rtmp(name)).ended,
    ),
  )
  expect(ends.map(({ code }) => code)).toEqual(names.map(() => 0))
  for (const name of names) {
    expect(await used.record(name)).toMatchObject({ gaps: [], losses: [] })
    expect(await used.compared(name)).toEqual(allOf(1500))
  }
})
