/** Looks at the first bytes of a sender until the media tools can tell what it sends. @module */
import type { Examination, MediaReception } from '../../../function/take.ts'
import { SECOND_MS } from '../../../time.ts'

const FIRST_LOOK_BYTES = 16 * 1024
/** As many as `examine` takes. */
const MOST_BYTES = 2_000_000
/** A slow sender is looked at again after this time, although it has not sent twice as much. */
const NEXT_LOOK_MS = SECOND_MS
/** It can be told by then, even when a keyframe comes once in ten seconds. */
const LAST_LOOK_MS = 12 * SECOND_MS

export interface Head {
  /** Everything that was added; it is not kept any longer. */
  takeAll(): Buffer
  add(chunk: Buffer): Promise<Examination>
  /** No more will come. */
  end(): Promise<Examination>
}

export function createHead(media: Pick<MediaReception, 'examine'>, now = () => performance.now()): Head {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  let nextBytes = FIRST_LOOK_BYTES
  const sinceMs = now()
  let lookedAtMs = sinceMs

  const bytes = () => Buffer.concat(chunks)

  async function look(isAll: boolean): Promise<Examination> {
    const found = await media.examine(bytes().subarray(0, MOST_BYTES), isAll)
    lookedAtMs = now()
    nextBytes = sizeBytes * 2
    return found
  }

  return {
    takeAll() {
      const all = bytes()
      chunks.length = 0
      return all
    },
    async add(chunk) {
      chunks.push(chunk)
      sizeBytes += chunk.length
      const isLast = sizeBytes >= MOST_BYTES || now() - sinceMs >= LAST_LOOK_MS
      if (!isLast && sizeBytes < nextBytes && now() - lookedAtMs < NEXT_LOOK_MS) return { kind: 'undecided' }
      return look(isLast)
    },
    end: () => look(true),
  }
}
