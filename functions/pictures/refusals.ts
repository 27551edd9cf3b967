/** Why there are no pictures of a file, in words. Pure. @module */
import { PermanentError } from '../../runtime/index.ts'
import type { MediaInfo } from '../media/media-info.ts'

export function noFilm(result: string, { covers }: MediaInfo): PermanentError {
  const has = covers.length > 0 ? 'sound with a cover and no film' : 'no film'
  return new PermanentError(`the file has ${has}, so there are no ${result} of it`)
}

/** Of a file that FFmpeg found torn while it decoded. */
export function cutShort(lastSeconds = 0, endSeconds?: number): string {
  const declared = endSeconds === undefined ? '' : ` of its ${endSeconds.toFixed(1)} s`
  return `the file is truncated: the last picture that could be taken of it is at ${lastSeconds.toFixed(1)} s${declared}`
}
