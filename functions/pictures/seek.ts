/** One picture of a film by seeking: the first that is shown at a time or after it. @module */
import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { inputArguments } from '../ffmpeg/arguments.ts'
import { diagnose, hasLostInput } from '../ffmpeg/words/diagnosis.ts'
import { failureOf } from '../ffmpeg/words/failure.ts'
import { decode, type Film } from './decode.ts'
import { deinterlace, IMAGES, pictureFilters, type ImageFormat } from './filters.ts'
import { HEAD_BYTES, imageSize } from './image-size.ts'
import { GRAY, GRAY_BYTES, judge, type Judgement } from './judge.ts'
import type { Size } from './size.ts'
import { printedSeconds, PRINT_TIMES } from './times.ts'

export interface WantedPicture {
  /** From the beginning of the file; absent for the only picture there is. */
  readonly atSeconds?: number
  readonly size: Size
  readonly format: ImageFormat
  /** A file in the scratch folder. */
  readonly fileName: string
}

export interface FoundPicture extends Judgement {
  /** When it is shown, from the beginning of the file. */
  readonly atSeconds: number
  readonly path: string
}

/** Why there is none. */
export interface NoPicture {
  /** Absent when the film has none so late. */
  readonly failure?: Error
}

export function isFound(picture: FoundPicture | NoPicture): picture is FoundPicture {
  return 'path' in picture
}

/**
 * @throws {ToolError} when it should be tried again: the source could not be read, the disk is full
 * @throws {Error} when FFmpeg made another picture than planned, or decoded one and wrote nothing
 */
export async function pictureAt(film: Film, wanted: WantedPicture): Promise<FoundPicture | NoPicture> {
  const { inspection, track, scratch, canToneMap } = film
  const { atSeconds, size, format, fileName } = wanted
  const [path, gray] = [join(scratch, fileName), join(scratch, `${fileName}.gray`)]
  const filters = [
    ...deinterlace(track, false),
    'trim=end_frame=1',
    pictureFilters({ track, size, target: format, canToneMap }),
    PRINT_TIMES,
    'split',
  ].join(',')
  let afterSeconds: number | undefined
  const result = await decode(film, {
    onLine: (line) => (afterSeconds = printedSeconds(line) ?? afterSeconds),
    // One thread: others would decode pictures that nobody asked for.
    inputs: inputArguments(inspection.input, {
      threads: 1,
      ...(atSeconds !== undefined && { seekSeconds: atSeconds }),
    }),
    output: [
      '-filter_complex',
      `[0:${track.index}]${filters}[picture][copy];[copy]scale=${GRAY.width}:${GRAY.height},format=gray[gray]`,
      ...'-map [picture] -frames:v 1'.split(' '),
      ...IMAGES[format].words,
      ...`-f image2 -update 1 ${fileName}`.split(' '),
      ...`-map [gray] -frames:v 1 -f rawvideo ${fileName}.gray`.split(' '),
    ],
  })
  if (hasLostInput(result) || (result.exitCode !== 0 && !diagnose(result).isPermanent))
    throw failureOf(result, 'decode')
  const [head, copy] = [await headOf(path), await readFile(gray).catch(ifMissing)]
  await rm(gray, { force: true })
  // Some builds write nothing to a full disk, and are content.
  if (result.exitCode === 0 && afterSeconds !== undefined && !head?.length)
    throw new Error(`FFmpeg wrote nothing of ${fileName}: the disk for scratch files may be full`)
  // Past the end of the film FFmpeg makes nothing, and is content.
  if (result.exitCode !== 0 || !head?.length || copy?.length !== GRAY_BYTES) {
    await rm(path, { force: true })
    return result.exitCode === 0 ? {} : { failure: failureOf(result, 'decode') }
  }
  mustBe(imageSize(head), size, fileName)
  return { path, atSeconds: (atSeconds ?? 0) + Math.max(0, afterSeconds ?? 0), ...judge(copy) }
}

/** @throws {Error} when FFmpeg made another picture than planned */
export function mustBe(found: Size | undefined, planned: Size, what: string): void {
  if (found?.width === planned.width && found.height === planned.height) return
  const made = found ? `${found.width} x ${found.height}` : 'no picture'
  throw new Error(`FFmpeg made ${made} of ${what}, and ${planned.width} x ${planned.height} was planned`)
}

/** The first bytes of a file; `undefined` when there is none. */
export async function headOf(path: string): Promise<Buffer | undefined> {
  const file = await open(path).catch(ifMissing)
  if (!file) return undefined
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
