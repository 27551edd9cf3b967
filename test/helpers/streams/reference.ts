/** The film that senders send: every picture differs from every other, so that each one that arrived can be named. @module */
import { makeMedia, pictureHashes } from '../clips.ts'
import { join } from 'node:path'

export const PICTURES_PER_SECOND = 25

export interface Reference {
  /** MPEG-TS: H.264 with B-frames and AAC. */
  readonly path: string
  readonly seconds: number
  /** The hash of each decoded picture, by its number. */
  readonly pictures: readonly string[]
}

/** Between two keyframes. */
const GOP_SECONDS = 2
const OPTIONS = [
  `-c:v libx264 -preset ultrafast -bf 2 -b_strategy 0 -sc_threshold 0 -pix_fmt yuv420p -b:v 400k`,
  `-g ${GOP_SECONDS * PICTURES_PER_SECOND} -keyint_min ${GOP_SECONDS * PICTURES_PER_SECOND}`,
  '-c:a aac -b:a 64k -f mpegts',
].join(' ')

/**
 * The film, made once in a run of `npm test`.
 *
 * @param size - of its pictures; at 320x180 a second has some 60 KB
 */
export async function makeReference(folder: string, seconds = 60, size = '320x180'): Promise<Reference> {
  const path = await makeMedia(join(folder, `reference-${seconds}-${size}.ts`), OPTIONS, seconds, size)
  const pictures = await pictureHashes(path)
  const wanted = seconds * PICTURES_PER_SECOND
  if (pictures.length !== wanted || new Set(pictures).size !== wanted)
    throw new Error(
      `the reference has ${pictures.length} pictures, ${new Set(pictures).size} of them different, instead of ${wanted}`,
    )
  return { path, seconds, pictures }
}
