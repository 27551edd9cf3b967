/** The function `chunk` on real FFmpeg: the output is the input, in pieces. */
import { copyFile, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { leftovers, type LocalAttempt } from '../helpers/attempt.ts'
import { useChunk } from '../helpers/chunk.ts'
import {
  CLIP_SECONDS,
  CLIPS,
  clipFolder,
  isSound,
  makeClip,
  makeMedia,
  pictureHashes,
  sampleHash,
  soundPacketHashes,
  type ClipName,
} from '../helpers/clips.ts'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { isThorough, oneOfEachKind } from '../helpers/thorough.ts'
import { sha256Hex } from '../helpers/sha256.ts'

const clips = await clipFolder()
const names = oneOfEachKind<ClipName>(Object.keys(CLIPS) as ClipName[], [
  'faststart.mp4',
  'moov-at-end.mp4',
  'prores.mov',
  'clip.webm',
  'b-frames.avi',
  'clip.ts',
  'tone.mp3',
  'tone.wav',
  'tone.ogg',
])
/** Each with what FFmpeg looks for in another place: at the beginning, at the end, all over the file. */
const byUrl = isThorough
  ? names
  : names.filter((name) => ['moov-at-end.mp4', 'b-frames.avi', 'clip.ts'].includes(name))
beforeAll(async () => {
  for (const name of names) await makeClip(clips, name)
}, 60_000)
afterAll(() => rm(clips, { recursive: true }))

/** Where chunks of sound are compared sample by sample; elsewhere packet by packet, as lossy decoders remember. */
const SAMPLES = ['tone.wav', 'tone.flac', 'prores.mov']
/** MP4 stores the same AAC without the headers that these have. */
const HEADERS_DROPPED = ['clip.ts', 'tone.aac']
/** Each chunk begins with B-frames that need the chunk before: whole when put together, said so in a warning. */
const OPEN_GOPS = ['b-frames.avi', 'clip.mpg']
/** The first packet of a piece of Vorbis gives no sound. */
const VORBIS = 'tone.ogg'
const EXTENSIONS: Partial<Record<ClipName, string>> = {
  'clip.mov': 'mp4',
  'clip.ts': 'mp4',
  'clip.flv': 'mp4',
  'b-frames.avi': 'mkv',
  'clip.mpg': 'mkv',
  'tone.aac': 'm4a',
  'tone.ogg': 'webm',
  'tone.opus': 'ogg',
  'tone.flac': 'mka',
}

/** For ffprobe and FFmpeg together, whatever the format: a moov, cues or an index at the end costs two or three each. */
const MOST_REQUESTS = 16
const anyPath = expect.any(String) as string

/** Of all chunks, but of those in containers that have random numbers in them. */
async function digests({ folder, files }: LocalAttempt): Promise<readonly string[]> {
  const hasRandomIds = (name: string) => /\.(mkv|mka|webm|ogg)$/.test(name)
  const digest = async (path: string, name: string) =>
    hasRandomIds(name) ? `${(await readFile(path)).length} bytes` : sha256Hex(await readFile(path))
  return Promise.all(files.map(({ name }) => digest(join(folder, name), name)))
}

/** What must be the same of a source and of its pieces put together. */
async function content(name: ClipName, paths: readonly string[]) {
  const each = async (hashes: (path: string) => Promise<readonly string[]>) =>
    (await Promise.all(paths.map((path) => hashes(path)))).flat()
  const hasPictures = !isSound(name)
  const pictures = {
    asOneFilm: hasPictures ? await pictureHashes(...paths) : [],
    pieceByPiece: hasPictures && !OPEN_GOPS.includes(name) ? await each((path) => pictureHashes(path)) : [],
  }
  if (name === 'video-only.mp4') return pictures
  if (SAMPLES.includes(name)) return { ...pictures, samples: await sampleHash(paths) }
  const packets = await each(soundPacketHashes)
  return { ...pictures, packets: HEADERS_DROPPED.includes(name) ? packets.length : packets }
}

describe.each(await ffmpegBuilds())('chunk with $name', (build) => {
  const used = useChunk(build)
  const attemptOn = (
    source: string,
    { seconds = 2, input = 'file' }: { seconds?: number; input?: 'file' | 'url' } = {},
  ) => used.cut(source, { seconds }, { input })

  /** Made once for all tests that only look at it. */
  const made = new Map<ClipName, LocalAttempt>()
  async function attemptOnClip(name: ClipName): Promise<LocalAttempt> {
    const attempt = made.get(name) ?? (await attemptOn(join(clips, name)))
    made.set(name, attempt)
    return attempt
  }
  afterAll(async () => {
    for (const attempt of made.values()) await attempt.remove()
  })

  it.each(names)('gives pieces of %s that decode to the same pictures and sound', async (name) => {
    const source = join(clips, name)
    const attempt = await attemptOnClip(name)
    const paths = attempt.files.map((file) => join(attempt.folder, file.name))
    expect(paths.length).toBeGreaterThanOrEqual(3)
    expect(await content(name, paths)).toEqual(await content(name, [source]))
    const extension = EXTENSIONS[name] ?? name.split('.').at(-1)
    expect(attempt.files.map((file) => file.name.split('.').at(-1))).toEqual(paths.map(() => extension))
  })

  it.each(names)('tells durations for %s that lie end to end and add up to the source', async (name) => {
    const attempt = await attemptOnClip(name)
    const times = attempt.files.map((file) => file.chunk)
    let endSeconds = times[0]?.startSeconds ?? NaN
    for (const [index, chunkTimes] of times.entries()) {
      expect(chunkTimes).toMatchObject({ index, requestedSeconds: 2 })
      expect(chunkTimes?.startSeconds).toBeCloseTo(endSeconds, 4)
      endSeconds = (chunkTimes?.startSeconds ?? NaN) + (chunkTimes?.durationSeconds ?? NaN)
    }
    expect(Math.abs(endSeconds - CLIP_SECONDS)).toBeLessThan(0.2)
    expect(attempt.facts.totals).toMatchObject({ chunks: times.length })
    expect(attempt.facts.totals['durationSeconds']).toBeCloseTo(endSeconds - (times[0]?.startSeconds ?? 0), 4)
    expect(attempt.facts.warnings).toHaveLength([...OPEN_GOPS, VORBIS].includes(name) ? 1 : 0)
    expect(attempt.facts.tools).toEqual({ ffmpeg: build.version })
    expect(await leftovers(attempt)).toEqual([])
  })

  it.each(byUrl)('gives the same chunks of %s by URL as from a file', async (name) => {
    const fromFile = await attemptOnClip(name)
    const byUrl = await attemptOn(join(clips, name), { input: 'url' })
    expect(byUrl.files).toEqual(fromFile.files.map((file) => ({ ...file, path: anyPath })))
    expect(await digests(byUrl)).toEqual(await digests(fromFile))
    expect(byUrl.facts).toEqual(fromFile.facts)
    // What is asked of the store for each is a request of its own.
    expect(byUrl.requests()).toBeLessThanOrEqual(MOST_REQUESTS)
    expect(await readdir(byUrl.scratch)).toEqual([])
    await byUrl.remove()
  })

  it('leaves cover art, subtitles and data out, and names what it left out', async () => {
    const cover = await makeMedia(
      join(clips, 'cover.m4a'),
      '-map 1 -map 0 -frames:v 1 -c:v mjpeg -disposition:v attached_pic -c:a aac',
    )
    const attempt = await attemptOn(cover)
    expect(attempt.files[0]).toMatchObject({ name: 'chunk-00000.m4a', contentType: 'audio/mp4' })
    expect(attempt.facts.warnings).toEqual([
      'stream 1 (mjpeg) is not in the chunks: a cover picture, not a video',
    ])
    await attempt.remove()
  })

  it('cuts a file whose sound starts late, whatever length its header declares', async () => {
    const late = await makeMedia(
      join(clips, 'late sound.mp4'),
      '-c:v libx264 -preset ultrafast -g 25 -pix_fmt yuv420p -af asetpts=PTS+1.5/TB -c:a aac',
    )
    const attempt = await attemptOn(late)
    expect(attempt.facts.totals['durationSeconds']).toBeCloseTo(CLIP_SECONDS + 1.5, 0)
    await attempt.remove()
  })

  it('warns when keyframes are so rare that a chunk is more than twice as long as asked for', async () => {
    const rare = await makeMedia(
      join(clips, 'rare.mp4'),
      '-map 0 -c:v libx264 -preset ultrafast -g 1000 -keyint_min 1000 -sc_threshold 0',
    )
    const attempt = await attemptOn(rare, { seconds: 1 })
    expect(attempt.files).toHaveLength(1)
    expect(attempt.facts.warnings).toEqual([expect.stringContaining('only possible at keyframes')])
    await attempt.remove()
  })

  it('reports its progress in media seconds and percent', async () => {
    const attempt = await attemptOn(join(clips, 'faststart.mp4'))
    expect(attempt.progress.length).toBeGreaterThan(0)
    expect(attempt.progress.at(-1)?.percent).toBeGreaterThan(95)
    await attempt.remove()
  })

  it('is not disturbed by spaces, percent signs and dashes in the path', async () => {
    const odd = join(clips, '-vf %05d $(id) ;.mp4')
    await copyFile(join(clips, 'faststart.mp4'), odd)
    const attempt = await attemptOn(odd)
    expect(attempt.files.length).toBeGreaterThanOrEqual(3)
    await attempt.remove()
  })

  const mediaFolder = process.env['SLUICE_TEST_MEDIA']
  it.skipIf(mediaFolder === undefined)('cuts the largest of two picture tracks in a real file', async () => {
    const attempt = await attemptOn(join(mediaFolder ?? '', 'nasa_13013.mp4'), { seconds: 4 })
    expect(attempt.files).toHaveLength(2)
    expect(attempt.facts.warnings).toHaveLength(4)
    await attempt.remove()
  })
})
