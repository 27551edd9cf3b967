/** A pull that was asked for, as it is stored. Pure. @module */
import { isDeepStrictEqual } from 'node:util'
import type { WantedPull } from '../../queue/stream-records.ts'
import { parseDurationMs } from '../../time.ts'
import type { PullRequest } from './model.ts'

export type Wish = Omit<WantedPull, 'sinceMs'>

/** @param url - one that can be parsed: it is stored as receivers read it */
export function wishFor(url: string, options: Omit<PullRequest, 'name' | 'url'>): Wish {
  const { seconds, maxDuration, reconnect, onFull, join } = options
  return {
    url: new URL(url).href,
    ...(seconds !== undefined && { seconds }),
    ...(maxDuration !== undefined && { maxDurationMs: parseDurationMs(maxDuration) }),
    ...(reconnect !== undefined && { reconnectMs: parseDurationMs(reconnect) }),
    ...(onFull !== undefined && { onFull }),
    ...(join !== undefined && { join }),
  }
}

/** Whether it was asked for again, with nothing else. */
export function isSameWish({ sinceMs: _since, ...wanted }: WantedPull, wish: Wish): boolean {
  return isDeepStrictEqual(wanted, wish)
}
