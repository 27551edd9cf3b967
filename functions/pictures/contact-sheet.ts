/** One picture of many pictures of a film, in even distances. @module */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PermanentError } from '../../runtime/index.ts'
import { mustHaveSucceeded } from '../ffmpeg/words/failure.ts'
import { lackOf } from './abilities.ts'
import { decode, type Film } from './decode.ts'
import { IMAGES } from './filters.ts'
import { imageSize } from './image-size.ts'
import { headOf, isFound, mustBe, pictureAt } from './seek.ts'
import type { Size } from './size.ts'
import { middleOfEach, tilesOf } from './tiles.ts'

export interface SheetWanted {
  readonly columns: number
  readonly rows: number
  /** Of each picture. */
  readonly size: Size
  readonly fileName: string
}

export interface ContactSheet {
  /** Absent when there is none, and the warning says why. */
  readonly path?: string
  readonly pictures: number
  readonly warning?: string
}

/** As far apart, it takes less to decode all of a film than to seek each picture, which decodes from the keyframe before it. */
const SEEK_SECONDS = 1
/** From PNG, so that nothing is lost twice. */
const FORMAT = 'png'
const nameOf = (place: number) => `tile-${String(place).padStart(2, '0')}.${FORMAT}`
const TO_JPEG = [
  'scale=out_color_matrix=smpte170m:out_range=tv,format=yuv420p',
  'scale=in_color_matrix=smpte170m:out_color_matrix=smpte170m:in_range=tv:out_range=pc,format=yuvj420p',
].join(',')

/** @throws {ToolError} {@link Error} as `pictureAt` says */
export async function contactSheet(film: Film, wanted: SheetWanted): Promise<ContactSheet> {
  const { scratch, track } = film
  const { columns, rows, size, fileName } = wanted
  const lack = (await lackOf(FORMAT)) ?? (await lackOf('jpg'))
  if (lack !== undefined) return { pictures: 0, warning: `${lack}: ${fileName} was left out` }
  const asked = columns * rows
  const together = await inOnePass(film, wanted)
  if (together) return together
  let pictures = 0
  let latestSeconds = -1
  const times = Array.from({ length: asked }, (_, place) => ((place + 0.5) / asked) * (track.endSeconds ?? 0))
  const take = async (atSeconds: number) => {
    const picture = await pictureAt(film, { atSeconds, size, format: FORMAT, fileName: nameOf(pictures) })
    // A film of few pictures shows the same one again.
    if (isFound(picture) && picture.atSeconds > latestSeconds) {
      latestSeconds = picture.atSeconds
      pictures++
    }
    return picture
  }
  for (const atSeconds of times) {
    const picture = await take(atSeconds)
    // Past its end there is none.
    if (!isFound(picture) && !picture.failure) break
  }
  // The only picture of a film is at its beginning.
  if (pictures === 0) await take(0)
  await rm(join(scratch, nameOf(pictures)), { force: true })
  if (pictures === 0) return { pictures, warning: `no picture was found for ${fileName}, so it was left out` }
  const shape = shapeFor(columns, pictures)
  const result = await decode(film, {
    inputs: `-protocol_whitelist file -f image2 -framerate 1 -i file:tile-%02d.${FORMAT}`.split(' '),
    output: [
      '-vf',
      `tile=${shape.columns}x${shape.rows},${TO_JPEG}`,
      '-frames:v',
      '1',
      ...IMAGES.jpg.words,
      '-f',
      'image2',
      '-update',
      '1',
      fileName,
    ],
    madePixels: asked * size.width * size.height,
  })
  mustHaveSucceeded(result, 'decode')
  for (let place = 0; place < pictures; place++) await rm(join(scratch, nameOf(place)))
  return finished(film, fileName, { shape, size, pictures })
}

/** `undefined` where the pictures are far apart, or cannot be decoded in one go. */
async function inOnePass(film: Film, wanted: SheetWanted): Promise<ContactSheet | undefined> {
  const { columns, rows, size, fileName } = wanted
  const asked = columns * rows
  if ((film.track.endSeconds ?? Infinity) / asked > SEEK_SECONDS) return undefined
  let shape: Shape = { columns, rows }
  let pictures = await passFor(film, wanted, shape)
  // A film of few pictures: their sheet is not black for the most part.
  if (pictures > 0 && pictures < asked) {
    shape = shapeFor(columns, pictures)
    pictures = await passFor(film, wanted, shape)
  }
  if (pictures === 0) return undefined
  return finished(film, fileName, { shape, size, pictures: Math.min(pictures, asked) })
}

/** How many pictures were found; those of `shape` are on the sheet. */
async function passFor(
  film: Film,
  { columns, rows, size, fileName }: SheetWanted,
  shape: Shape,
): Promise<number> {
  const asked = columns * rows
  try {
    const { timesSeconds } = await tilesOf(film, {
      size,
      select: middleOfEach((film.track.endSeconds ?? 0) / asked),
      isKeyframesOnly: false,
      pattern: fileName,
      after: [`tile=${shape.columns}x${shape.rows}`],
      words: '-frames:v 1 -update 1'.split(' '),
      maxPictures: Infinity,
      quality: 3,
      madePixels: asked * size.width * size.height,
    })
    return timesSeconds.length
  } catch (error) {
    // By seeking, a picture that cannot be decoded does not take the others along.
    if (film.signal.aborted || !(error instanceof PermanentError)) throw error
    return 0
  }
}

interface Shape {
  readonly columns: number
  readonly rows: number
}

function shapeFor(columns: number, pictures: number): Shape {
  const used = Math.min(columns, pictures)
  return { columns: used, rows: Math.ceil(pictures / used) }
}

interface Made {
  readonly shape: Shape
  readonly size: Size
  readonly pictures: number
}

async function finished(
  { scratch }: Film,
  fileName: string,
  { shape, size, pictures }: Made,
): Promise<ContactSheet> {
  const path = join(scratch, fileName)
  const planned = { width: shape.columns * size.width, height: shape.rows * size.height }
  mustBe(imageSize((await headOf(path)) ?? Buffer.alloc(0)), planned, fileName)
  return { path, pictures }
}
