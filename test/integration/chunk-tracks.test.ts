/** The tracks that chunks keep besides the first picture and sound: on real FFmpeg. */
import { execFile } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findBinaries } from '../../functions/ffmpeg/build/binaries.ts'
import { type LocalAttempt, pathsOf } from '../helpers/attempt.ts'
import { useChunk } from '../helpers/chunk.ts'
import { clipFolder, makeMedia } from '../helpers/clips.ts'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { onlyThorough } from '../helpers/thorough.ts'

const run = promisify(execFile)
const folder = await clipFolder()
const path = (name: string) => join(folder, name)
const H264 = '-c:v libx264 -preset ultrafast -bf 2 -g 25 -keyint_min 25 -sc_threshold 0 -pix_fmt yuv420p'
/** One begins just before a cut and goes on behind it, one goes on when the film is over. */
const CUES = [
  ['00:00:00,500', '00:00:01,500', 'one'],
  ['00:00:01,700', '00:00:03,000', 'two'],
  ['00:00:05,000', '00:00:06,000', 'three'],
  ['00:00:07,500', '00:00:12,000', 'four'],
] as const
const WORDS = CUES.map(([, , word]) => word)

beforeAll(async () => {
  const lines = CUES.map(([from, to, word], index) => `${index + 1}\n${from} --> ${to}\n${word}\n`)
  await writeFile(path('cues.srt'), lines.join('\n'))
  const tags =
    '-metadata:s:a:0 language=eng -metadata:s:a:1 language=fra -metadata:s:s:0 language=ger -metadata:s:a:1 title=Second'
  const maps = `-i ${path('cues.srt')} -map 0 -map 1 -map 1 -map 2`
  await makeMedia(path('film.mkv'), `${maps} ${H264} -c:a aac -c:s srt ${tags}`)
  await makeMedia(path('film.mp4'), `${maps} ${H264} -c:a aac -c:s mov_text ${tags} -timecode 01:00:00:00`)
  await makeMedia(
    path('film.webm'),
    `${maps} -c:v libvpx -deadline realtime -cpu-used 8 -g 25 -c:a libopus -c:s webvtt ${tags}`,
  )
}, 60_000)
afterAll(() => rm(folder, { recursive: true }))

interface Track {
  readonly codec_name?: string
  readonly codec_type: string
  readonly tags?: Readonly<Record<string, string>>
}

const reader = await findBinaries({})
async function tracksOf(file: string): Promise<readonly Track[]> {
  const words = ['-v', 'error', '-show_streams', '-of', 'json', `file:${file}`]
  const { stdout } = await run(reader.ffprobePath, words, { env: { GCONV_PATH: '/nonexistent' } })
  return (JSON.parse(stdout) as { streams: readonly Track[] }).streams
}
/** What is shown, in turn. */
async function wordsOf(file: string): Promise<readonly string[]> {
  const words = ['-v', 'error', '-i', `file:${file}`, '-map', '0:s:0', '-f', 'srt', 'pipe:1']
  const { stdout } = await run(reader.ffmpegPath, words, { env: { GCONV_PATH: '/nonexistent' } })
  return WORDS.filter((word) => stdout.includes(word))
}

describe.each(await ffmpegBuilds())('tracks of chunks with $name', (build) => {
  const used = useChunk(build)
  /** Cut once for all tests that only look at the chunks. */
  const made = new Map<string, Promise<LocalAttempt>>()
  function filmCut({ name, mode }: { readonly name: string; readonly mode: string }): Promise<LocalAttempt> {
    const attempt = made.get(name + mode) ?? used.cut(path(name), { seconds: 2, mode })
    made.set(name + mode, attempt)
    return attempt
  }
  afterAll(async () => {
    for (const attempt of made.values()) await (await attempt).remove()
  })

  it.each([
    { name: 'film.mkv', mode: 'copy', codec: 'subrip' },
    { name: 'film.mp4', mode: 'copy', codec: 'mov_text' },
    { name: 'film.webm', mode: 'copy', codec: 'webvtt' },
    { name: 'film.mkv', mode: 'exact', codec: 'mov_text' },
    ...onlyThorough({ name: 'film.mp4', mode: 'exact', codec: 'mov_text' }),
  ])('keeps both sounds and the subtitles of $name in mode $mode, with their languages', async (of) => {
    const attempt = await filmCut(of)
    const paths = pathsOf(attempt)
    expect(paths.length).toBeGreaterThanOrEqual(4)
    for (const each of paths) {
      const tracks = await tracksOf(each)
      expect(tracks.map(({ codec_type }) => codec_type)).toEqual(['video', 'audio', 'audio', 'subtitle'])
      expect(tracks.slice(1).map(({ tags }) => tags?.['language'])).toEqual(['eng', 'fra', 'ger'])
      expect(tracks[3]?.codec_name).toBe(of.codec)
    }
  })

  it.each([
    { name: 'film.mkv', mode: 'copy' },
    { name: 'film.mp4', mode: 'copy' },
    { name: 'film.webm', mode: 'copy' },
    { name: 'film.mkv', mode: 'exact' },
  ])(
    'loses no subtitle of $name in mode $mode: each is in one chunk, the one where it begins',
    async (of) => {
      const attempt = await filmCut(of)
      const shown = await Promise.all(
        pathsOf(attempt)
          .slice(0, 4)
          .map((each) => wordsOf(each)),
      )
      expect(shown).toEqual([['one', 'two'], [], ['three'], ['four']])
      expect(attempt.facts.totals['durationSeconds']).toBeLessThan(8.2)
    },
  )

  it('keeps the title of a sound in Matroska', async () => {
    const attempt = await used.cut(path('film.mkv'), { seconds: 4 })
    const [first = ''] = pathsOf(attempt)
    expect((await tracksOf(first)).map(({ tags }) => tags?.['title'])).toEqual([
      undefined,
      undefined,
      'Second',
      undefined,
    ])
    await attempt.remove()
  })

  it('names the timecode that it leaves out, and does not take a cover picture for a film', async () => {
    const film = await used.cut(path('film.mp4'), { seconds: 4 })
    expect(film.facts.warnings).toEqual([expect.stringMatching(/^stream 4 .* neither picture nor sound$/)])
    await film.remove()
    const cover = '-map 1 -map 0 -frames:v 1 -c:v mjpeg -disposition:v attached_pic -c:a libmp3lame'
    const song = await used.cut(await makeMedia(path('song.mp3'), cover), { seconds: 4 })
    expect(song.files.map((file) => file.contentType)).toEqual(song.files.map(() => 'audio/mpeg'))
    expect(song.facts.warnings).toEqual([expect.stringContaining('a cover picture, not a video')])
    await song.remove()
  })

  it('does not rotate a copied picture: players do', async () => {
    const turned = `-i ${path('film.mp4')} -map 2:0 -c copy -metadata:s:v rotate=90`
    const attempt = await used.cut(await makeMedia(path('turned.mp4'), turned), { seconds: 4 })
    const again = await used.cut(pathsOf(attempt)[1] ?? '')
    expect(again.facts.probe).toMatchObject({ video: [{ width: 128, height: 72, rotation: 270 }] })
    await Promise.all([attempt.remove(), again.remove()])
  })

  it('keeps the tags of HDR', async () => {
    const hdr =
      '-map 0 -c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -x265-params log-level=none:keyint=25:open-gop=0:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc -tag:v hvc1'
    const attempt = await used.cut(await makeMedia(path('hdr.mp4'), hdr, 4), { seconds: 2 })
    const again = await used.cut(pathsOf(attempt)[1] ?? '')
    expect(again.facts.probe).toMatchObject({ video: [{ isHdr: true, pixelFormat: 'yuv420p10le' }] })
    await Promise.all([attempt.remove(), again.remove()])
  })
})
