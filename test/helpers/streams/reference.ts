/** The film that senders send: every picture differs from every other, so that each one that arrived can be named. @module */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findBinaries } from '../../../functions/ffmpeg/build/binaries.ts'
import { makeMedia, pictureHashes } from '../clips.ts'

export const PICTURES_PER_SECOND = 25

export interface Reference {
  /** MPEG-TS: H.264 with B-frames and AAC. */
  readonly path: string
  readonly seconds: number
  /** The hash of each decoded picture, by its number. */
  readonly pictures: readonly string[]
}

export interface FilmSize {
  /** Of its pictures. @defaultValue `320x180` */
  readonly size?: string
  /** @defaultValue 400: with its sound some 68 KB a second */
  readonly kbitPerSecond?: number
}

const GOP_PICTURES = 2 * PICTURES_PER_SECOND

/** The film, made once in a run of `npm test`. */
export async function makeReference(
  folder: string,
  seconds = 60,
  { size = '320x180', kbitPerSecond = 400 }: FilmSize = {},
): Promise<Reference> {
  const path = await makeMedia(
    join(folder, `reference-${seconds}-${size}-${kbitPerSecond}.ts`),
    `-c:v libx264 -preset ultrafast -bf 2 -b_strategy 0 -sc_threshold 0 -pix_fmt yuv420p -b:v ${kbitPerSecond}k ` +
      `-g ${GOP_PICTURES} -keyint_min ${GOP_PICTURES} -c:a aac -b:a 64k -f mpegts`,
    seconds,
    size,
  )
  const pictures = await pictureHashes(path)
  const wanted = seconds * PICTURES_PER_SECOND
  const different = new Set(pictures).size
  if (pictures.length !== wanted || different !== wanted)
    throw new Error(
      `the film has ${pictures.length} pictures, ${different} of them different, instead of ${wanted}`,
    )
  return { path, seconds, pictures }
}

export interface FilmPart {
  readonly path: string
  /** The numbers of its pictures: up to the next part. */
  readonly from: number
  readonly to: number
}

/** The film in parts, each by itself a file that a sender can send. @param atSeconds - even ones: a keyframe is there */
export async function cutFilm(
  film: Reference,
  ...atSeconds: readonly number[]
): Promise<readonly FilmPart[]> {
  const stem = `${film.path}.cut-${atSeconds.join('-')}`
  const output = `-map 0 -c copy -f segment -segment_times ${atSeconds.join(',')} -segment_time_delta 0.05`
  await remux(film.path, `${output} -segment_format mpegts`, `${stem}-%d.ts`)
  const starts = [0, ...atSeconds].map((second) => second * PICTURES_PER_SECOND)
  return starts.map((from, index) => ({
    path: `${stem}-${index}.ts`,
    from,
    to: (starts[index + 1] ?? film.pictures.length) - 1,
  }))
}

/** The same packets as MP4: senders of Matroska need sound without the headers that it has in MPEG-TS. */
export async function filmAsMp4({ path }: Reference): Promise<string> {
  await remux(path, '-map 0 -c copy', `${path}.mp4`)
  return `${path}.mp4`
}

async function remux(from: string, output: string, to: string): Promise<void> {
  const { ffmpegPath } = await findBinaries({})
  const words = `-hide_banner -nostdin -loglevel error -y -i ${from} ${output} ${to}`
  await promisify(execFile)(ffmpegPath, words.split(' '), { env: { GCONV_PATH: '/nonexistent' } })
}
