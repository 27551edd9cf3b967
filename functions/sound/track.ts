/** Which sound of a file is meant, and what is said when there is none. Pure. @module */
import { PermanentError } from '../../runtime/index.ts'
import type { AudioStream, MediaInfo } from '../media/media-info.ts'

/**
 * @param track - counts the sounds of the file only, from 0
 * @throws {PermanentError} when there is none, or its codec is not accepted
 */
export function soundOf({ audio }: MediaInfo, track: number): AudioStream {
  if (audio.length === 0) throw new PermanentError('the file has no sound')
  const sound = audio[track]
  if (!sound) {
    const [count, last] = [audio.length, audio.length - 1]
    const known = count === 1 ? 'one sound, which is track 0' : `${count} sounds, track 0 to ${last}`
    throw new PermanentError(`track ${track}: the file has ${known}`)
  }
  if (sound.isAccepted === false || sound.codec === 'unknown')
    throw new PermanentError(`track ${track}: its codec (${sound.codec}) is not accepted here`)
  return sound
}
