/** Whether pieces are the whole sound, sample by sample. Pure. @module */
import { PermanentError } from '../../runtime/index.ts'
import { SAMPLE_RATE } from './samples.ts'

const MAX_PIECES = 10_000

/** @throws {PermanentError} */
export function mustBeFew(index: number): void {
  if (index >= MAX_PIECES)
    throw new PermanentError(
      `it has more than ${MAX_PIECES} pieces: choose longer "seconds", or more "bytes" or format=m4a where those are the limit`,
    )
}

export interface Part {
  readonly file: string
  readonly startSample: number
  readonly samples: number
}

/**
 * @param total - samples that came out of the decoder
 * @param writtenSeconds - FFmpeg's own count of them, where it counts nothing else
 * @throws {PermanentError} when a sample is in no piece, or in two; or when there is none
 */
export function mustAddUp(parts: readonly Part[], total: number, writtenSeconds: number | undefined): void {
  if (total === 0) throw new PermanentError('no sound could be decoded: the file is damaged')
  let at = 0
  for (const { file, startSample, samples } of parts) {
    if (startSample !== at)
      throw new PermanentError(`${file} begins at sample ${startSample}, and the one before ends at ${at}`)
    at += samples
  }
  if (at !== total) throw new PermanentError(`the pieces have ${at} samples, and the sound has ${total}`)
  const written = writtenSeconds === undefined ? total : Math.round(writtenSeconds * SAMPLE_RATE)
  if (Math.abs(written - total) > 1)
    throw new PermanentError(`FFmpeg decoded ${written} samples, and ${total} of them arrived`)
}
