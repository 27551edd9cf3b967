/** Films to be cut: made once by FFmpeg, and kept in the project's cache for the next time. @module */
import { execFile } from 'node:child_process'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { findBinaries } from '../../functions/ffmpeg/build/binaries.ts'
import { cacheBinDir } from '../../infra/local/programs/programs.ts'
import { makeMedia } from '../helpers/clips.ts'

const run = promisify(execFile)

/** The clip that is repeated: 16 Mbit/s, as cameras record 1080p; a key picture each second. */
const CLIP_SECONDS = 10
const CLIP_BYTES = (CLIP_SECONDS * 16_000_000) / 8
const CLIP =
  '-c:v libx264 -preset ultrafast -g 25 -pix_fmt yuv420p -b:v 16M -minrate 16M -maxrate 16M -bufsize 16M -nal-hrd cbr -c:a aac'
/** Moving, with edges and a little noise; below 64 MB a minute. */
const FILM =
  '-vf scale=1280:720,noise=alls=3:allf=t -c:v libx264 -preset veryfast -crf 28 -g 50 -pix_fmt yuv420p -c:a aac'

/** One clip over and over, copied, so that making it takes no longer than writing it. Its index is at the end. */
export function largeFilm(sizeBytes: number): Promise<string> {
  return cached(`large-${sizeBytes}.mp4`, async (path) => {
    const clip = `${path}.clip.mp4`
    await makeMedia(clip, CLIP, CLIP_SECONDS, '320x180')
    const { size } = await stat(clip)
    if (size < CLIP_BYTES / 2)
      throw new Error(`the clip has ${size} bytes: its bit rate is not what it should be`)
    const { ffmpegPath } = await findBinaries({})
    const repeats = String(Math.max(0, Math.ceil(sizeBytes / size) - 1))
    const words = `-hide_banner -nostdin -loglevel error -y -stream_loop ${repeats} -i file:${clip} -map 0 -c copy file:${path}`
    await run(ffmpegPath, words.split(' '), { env: {} })
    await rm(clip)
  })
}

/** Of 1280 x 720 at 25 pictures a second. */
export function film(seconds: number): Promise<string> {
  return cached(`film-${seconds}s.mp4`, async (path) => {
    await makeMedia(path, FILM, seconds, '320x180')
  })
}

/** As films for the web are: 1280 x 720 at 25 pictures a second, a keyframe each 4 s. Forty seconds of it, over and over. */
const WEB = '-map 0 -vf scale=1280:720 -c:v libx264 -preset veryfast -crf 28 -g 100 -pix_fmt yuv420p'
const WEB_SECONDS = 40

/** Without sound. */
export function longFilm(seconds: number): Promise<string> {
  return repeated(`long-${seconds}s.mp4`, WEB, `-stream_loop -1 INPUT -t ${seconds}`)
}

/** Whole clips, so that its edit list hides nothing, as in what encoders write: at least so long. */
export function longFilmWithSound(seconds: number): Promise<string> {
  const repeats = Math.ceil(seconds / WEB_SECONDS) - 1
  return repeated(
    `long-clips-${seconds}s.mp4`,
    `${WEB} -map 1 -c:a aac -b:a 128k`,
    `-stream_loop ${repeats} INPUT`,
  )
}

/** @param repeating - with `INPUT` where the clip stands */
function repeated(name: string, words: string, repeating: string): Promise<string> {
  return cached(name, async (path) => {
    const clip = `${path}.clip.mp4`
    await makeMedia(clip, words, WEB_SECONDS, '640x360')
    const { ffmpegPath } = await findBinaries({})
    const copy = `-hide_banner -nostdin -loglevel error -y ${repeating.replace('INPUT', `-i file:${clip} -map 0 -c copy`)} file:${path}`
    await run(ffmpegPath, copy.split(' '), { env: {} })
    await rm(clip)
  })
}

async function cached(name: string, make: (path: string) => Promise<void>): Promise<string> {
  const path = join(dirname(cacheBinDir()), 'bench', name)
  if (await stat(path).catch(() => undefined)) return path
  await mkdir(dirname(path), { recursive: true })
  // Under its name only when it is whole.
  const half = `${path}.${process.pid}.mp4`
  await make(half)
  await rename(half, path)
  return path
}
