/** The waits between the connections to a source that is pulled. Pure. @module */
import { SECOND_MS } from '../../../time.ts'

const FIRST_MS = SECOND_MS
const LAST_MS = 30 * SECOND_MS

/**
 * 1, 2, 4 … 30 s. A connection that lasted starts from the beginning. Up to a quarter is taken off by chance, so that the
 * cameras of a network that was away are not all called at once.
 *
 * @param failures - connections in a row that gave nothing, or ended soon
 * @param random - from 0 to 1
 */
export function pullBackoffMs(failures: number, random: number): number {
  const wholeMs = Math.min(FIRST_MS * 2 ** Math.min(Math.max(0, failures - 1), 10), LAST_MS)
  return Math.round(wholeMs * (1 - random / 4))
}
