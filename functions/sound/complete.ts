/** Whether a sound was read to the end that its file declares. Pure. @module */
import { PermanentError } from '../../runtime/index.ts'
import { decodingWarning } from '../ffmpeg/words/diagnosis.ts'
import type { FfmpegResult } from '../ffmpeg/words/result.ts'
import { declaredEndSeconds } from '../media/declared-length.ts'
import { endToleranceSeconds } from '../media/ends.ts'
import type { AudioStream, MediaInfo } from '../media/media-info.ts'

/**
 * @param heardSeconds - from the beginning of the file
 * @returns warnings
 * @throws {PermanentError} when it ends earlier than declared
 */
export function mustBeComplete(
  { media, sound }: { readonly media: MediaInfo; readonly sound: AudioStream },
  heardSeconds: number,
  result: Pick<FfmpegResult, 'lastLines' | 'notableLines'>,
): readonly string[] {
  const declared = declaredEndSeconds(media, sound) ?? lengthOfAlone(media)
  const late = (declared ?? heardSeconds) - heardSeconds
  if (declared !== undefined && late > endToleranceSeconds(declared)) {
    throw new PermanentError(
      `the file is truncated or damaged: its sound should end at ${declared.toFixed(3)} s, and ends at ${heardSeconds.toFixed(3)} s`,
    )
  }
  const warning = decodingWarning(result)
  return warning === undefined ? [] : [warning]
}

/** The file's own length counts only for sound without any other stream: a picture may last longer. */
function lengthOfAlone(media: MediaInfo): number | undefined {
  const isAlone =
    media.audio.length === 1 && media.video.length + media.subtitles.length + media.data.length === 0
  return isAlone && !media.isDurationEstimated ? media.durationSeconds : undefined
}
