/** Single pictures of a film, as files in the scratch folder: by seeking where they are far apart, else in one pass over the film. @module */
import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { toMicros } from '../media/seconds.ts'
import type { Film } from './decode.ts'
import { imageSize } from './image-size.ts'
import { headOf, isFound, mustBe, pictureAt } from './seek.ts'
import { flawOf } from './sheet-plan.ts'
import type { Size } from './size.ts'
import { oneOfEach, tilesOf } from './tiles.ts'

export interface FramesWanted {
  readonly size: Size
  readonly max: number
  /** Seconds; absent with `scene`, and for a twentieth of the film. */
  readonly every?: number | undefined
  readonly scene?: number
}

export interface Frames {
  readonly names: readonly string[]
  /** When each is shown; they grow. */
  readonly timesSeconds: readonly number[]
  /** When the frame after the last one would come; absent when the film has no more. */
  readonly nextSeconds?: number
  readonly isCutShort: boolean
  readonly warning?: string | undefined
}

/** From here on it takes less to seek than to decode everything between. */
const SEEK_SECONDS = 5
const FRAMES_BY_DEFAULT = 20
/** Of a film whose length is not known. */
const USUAL_SECONDS = 10

/**
 * @throws {PermanentError} {@link ToolError} as `failureOf` says
 * @throws {Error} when FFmpeg made other pictures than planned
 */
export async function framesOf(film: Film, wanted: FramesWanted): Promise<Frames> {
  const { endSeconds } = film.track
  const { size, max, scene } = wanted
  if (scene !== undefined) return passOver(film, { size, max, select: `eq(n\\,0)+gt(scene\\,${scene})` })
  const every =
    wanted.every ??
    (endSeconds === undefined ? USUAL_SECONDS : Math.max(0.04, endSeconds / FRAMES_BY_DEFAULT))
  if (every < SEEK_SECONDS || endSeconds === undefined)
    return passOver(film, { size, max, select: oneOfEach(every) })
  return seekEach(film, { size, max, every, endSeconds })
}

const nameOf = (index: number) => `frame-${String(index).padStart(5, '0')}.jpg`

async function seekEach(
  film: Film,
  { size, max, every, endSeconds }: { size: Size; max: number; every: number; endSeconds: number },
): Promise<Frames> {
  const names: string[] = []
  const timesSeconds: number[] = []
  let failure: Error | undefined
  let place = 0
  for (; place * every < endSeconds && names.length < max; place++) {
    const fileName = nameOf(names.length)
    const picture = await pictureAt(film, { atSeconds: place * every, size, format: 'jpg', fileName })
    if (!isFound(picture)) {
      failure ??= picture.failure
      continue
    }
    // A film of few pictures shows the same one at the next time too; the next overwrites its file.
    if (picture.atSeconds <= (timesSeconds.at(-1) ?? -1)) continue
    names.push(fileName)
    timesSeconds.push(toMicros(picture.atSeconds))
  }
  if (names.length === 0 && failure) throw failure
  const isComplete = place * every >= endSeconds
  return { names, timesSeconds, isCutShort: false, ...(!isComplete && { nextSeconds: place * every }) }
}

async function passOver(
  film: Film,
  { size, max, select }: { size: Size; max: number; select: string },
): Promise<Frames> {
  const made = await tilesOf(film, {
    size,
    select,
    isKeyframesOnly: false,
    pattern: 'made-%05d.jpg',
    // One more, to know whether there are more.
    words: ['-frames:v', String(max + 1)],
    // Filters are ahead of the encoder, which ends the run.
    maxPictures: Infinity,
    quality: 3,
    madePixels: size.width * size.height,
  })
  const files = (await readdir(film.scratch)).filter((name) => /^made-\d+\.jpg$/.test(name)).sort()
  const timesSeconds = made.timesSeconds.slice(0, files.length)
  const flaw = flawOf({ columns: 1, rows: 1 }, { timesSeconds, sheets: files.length })
  if (flaw !== undefined) throw new Error(`FFmpeg's frames are wrong: ${flaw}`)
  const names: string[] = []
  for (const [index, file] of files.entries()) {
    const path = join(film.scratch, file)
    mustBe(imageSize((await headOf(path)) ?? Buffer.alloc(0)), size, file)
    const name = nameOf(index)
    if (index < max) {
      await rename(path, join(film.scratch, name))
      names.push(name)
    } else await rm(path)
  }
  const nextSeconds = timesSeconds[max]
  return {
    ...made,
    names,
    timesSeconds: timesSeconds.slice(0, max),
    ...(nextSeconds !== undefined && { nextSeconds }),
  }
}
