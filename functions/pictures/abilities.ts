/** Encoders of pictures that this FFmpeg may lack. @module */
import { PermanentError } from '../../runtime/index.ts'
import { missing } from '../ffmpeg/build/abilities.ts'
import { ffmpegBinaries } from '../ffmpeg/build/binaries.ts'
import type { ImageFormat } from './filters.ts'

const ENCODERS: Readonly<Record<ImageFormat, string>> = { jpg: 'mjpeg', webp: 'libwebp', png: 'png' }

/**
 * Why a picture of this format cannot be made here, as a sentence without its full stop and remedy; `undefined` when it can.
 *
 * @throws {ToolError} when there is no FFmpeg
 */
export async function lackOf(format: ImageFormat): Promise<string | undefined> {
  const [lack] = await missing('encoders', [ENCODERS[format]])
  return lack && `this FFmpeg (${(await ffmpegBinaries()).version}) has no ${lack}`
}

/** @throws {PermanentError} when it cannot be made here */
export async function mustEncode(format: ImageFormat): Promise<void> {
  const lack = await lackOf(format)
  if (lack !== undefined)
    throw new PermanentError(`${lack}: choose another format, or install an FFmpeg that has it`)
}
