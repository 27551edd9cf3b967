/** The newest session of a stream that a bucket has, where Redis has forgotten the stream. @module */
import { RESULT_BUCKET } from '../../storage/names.ts'
import type { Storage } from '../../storage/storage.ts'
import { DAY_MS, SECOND_MS } from '../../time.ts'
import { isSession, sessionPrefix, startOfSession, timeOfSession, type SessionOf } from '../names.ts'

/**
 * Sessions sort by their start, so halving the time finds the newest one by some 30 short lists at most, however many sessions there
 * are and whatever functions have written of them; a name without any costs one.
 *
 * @returns undefined when the bucket has no session of this stream
 */
export async function newestSession(
  storage: Pick<Storage, 'list'>,
  name: string,
  nowMs: number,
  signal?: AbortSignal,
): Promise<SessionOf | undefined> {
  const prefix = sessionPrefix({ name, session: '' }).slice(0, -1)
  async function firstAfter(text: string): Promise<string | undefined> {
    const options = { prefix, after: prefix + text, pageSize: 1, signal }
    for await (const { key } of storage.list(RESULT_BUCKET, options)) {
      const [session = ''] = key.slice(prefix.length).split('/')
      return isSession(session) ? session : undefined
    }
    return undefined
  }

  let newest = await firstAfter('')
  if (newest === undefined) return undefined
  // The clock of a receiver may be ahead of ours.
  const latestMs = Math.max(nowMs, startOfSession(newest)) + DAY_MS
  // Whole seconds, as in the names: halves of them would end nowhere.
  let untilMs = Math.ceil(latestMs / SECOND_MS) * SECOND_MS
  for (let fromMs = startOfSession(newest); untilMs - fromMs > SECOND_MS;) {
    const middleMs = fromMs + Math.floor((untilMs - fromMs) / 2 / SECOND_MS) * SECOND_MS
    const later = await firstAfter(timeOfSession(middleMs))
    if (later === undefined) untilMs = middleMs
    else {
      newest = later
      fromMs = Math.max(middleMs, startOfSession(later))
    }
  }
  // Of those that began in the same second, the last one.
  for (let later: string | undefined = newest; later !== undefined; later = await firstAfter(`${later}0`))
    newest = later
  return { name, session: newest }
}
