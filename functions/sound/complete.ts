/** Whether a sound was read to the end that its file declares. Pure. @module */
import { PermanentError } from '../../runtime/index.ts'
import { decodingWarning, passedOverWarning } from '../ffmpeg/words/diagnosis.ts'
import type { FfmpegResult } from '../ffmpeg/words/result.ts'
import { declaredEndSeconds } from '../media/declared-length.ts'
import { endToleranceSeconds } from '../media/ends.ts'
import { KEEP_HINT } from '../media/inspect.ts'
import type { AudioStream, MediaInfo } from '../media/media-info.ts'

export interface WantedSound {
  readonly media: MediaInfo
  readonly sound: AudioStream
  /** By the option onTruncated: what is there is kept, and the warnings say so. */
  readonly isTruncatedFine: boolean
}

/**
 * @param heardSeconds - from the beginning of the file
 * @returns warnings
 * @throws {PermanentError} when it ends earlier than declared
 */
export function mustBeComplete(
  { media, sound, isTruncatedFine }: WantedSound,
  heardSeconds: number,
  result: Pick<FfmpegResult, 'lastLines' | 'notableLines'>,
): readonly string[] {
  const declared = declaredEndSeconds(media, sound) ?? lengthOfAlone(media)
  const late = (declared ?? heardSeconds) - heardSeconds
  const warnings = [decodingWarning(result), passedOverWarning(result)].filter((said) => said !== undefined)
  if (declared === undefined || late <= endToleranceSeconds(declared)) return warnings
  const torn = `the file is truncated or damaged: its sound should end at ${declared.toFixed(3)} s, and ends at ${heardSeconds.toFixed(3)} s`
  if (!isTruncatedFine) throw new PermanentError(`${torn}${KEEP_HINT}`)
  return [torn, ...warnings]
}

/** The file's own length counts only for sound without any other stream: a picture may last longer. */
function lengthOfAlone(media: MediaInfo): number | undefined {
  const isAlone =
    media.audio.length === 1 && media.video.length + media.subtitles.length + media.data.length === 0
  return isAlone && !media.isDurationEstimated ? media.durationSeconds : undefined
}
