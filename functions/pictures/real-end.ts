/** The end of a film whose file is longer than its picture may be: a subtitle can last for days. @module */
import { rm } from 'node:fs/promises'
import type { Film } from './decode.ts'
import { isFound, pictureAt } from './seek.ts'
import { fit } from './size.ts'

/** Near enough: a film that ends within so much of what its file declares ends there. */
const NEAR = 0.95
/** So exactly is another end looked for, as a part of it. */
const PRECISION = 0.02
const PRECISION_SECONDS = 1
const FILE = 'end.jpg'

/**
 * The film with its real end, found by halves: each step seeks one picture. Only for films without a length of their own in a file
 * whose subtitles may outlast them; all others are returned as they are.
 *
 * @throws {ToolError} {@link Error} as `pictureAt` says
 */
export async function withRealEnd(film: Film): Promise<Film> {
  const { track } = film
  const { endSeconds, isEndDoubtful } = track
  if (!isEndDoubtful || endSeconds === undefined) return film
  const size = fit(track, { width: 64 })
  const lookAt = async (atSeconds: number) => {
    const picture = await pictureAt(film, { atSeconds, size, format: 'jpg', fileName: FILE })
    if (!isFound(picture)) return undefined
    await rm(picture.path)
    return picture.atSeconds
  }
  if ((await lookAt(endSeconds * NEAR)) !== undefined) return film
  let [low, high] = [0, endSeconds * NEAR]
  while (high - low > Math.max(PRECISION_SECONDS, low * PRECISION)) {
    const middle = (low + high) / 2
    const found = await lookAt(middle)
    if (found === undefined) high = middle
    else low = Math.max(middle, found)
  }
  return { ...film, track: { ...track, endSeconds: high } }
}
