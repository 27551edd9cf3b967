/** The knowledge that a process has of a session of which others may have received a part. @module */
import type { StreamContext } from '../context.ts'
import { piecesInBucket } from '../session/rebuild.ts'
import type { Session } from '../session/session.ts'
import { untilDone } from './ending.ts'

export interface Learning {
  /** All pieces that the bucket had are known, as those of a new session are from its beginning. */
  readonly isDone: boolean
  /** The bucket may have pieces that other receivers wrote: lists them until it succeeds or the process ends. */
  learn(): Promise<void>
}

/** @param onLearnt - called each time the pieces have become known */
export function createLearning(
  context: Pick<StreamContext, 'storage' | 'over'>,
  session: Pick<Session, 'of' | 'log' | 'pieces' | 'learn'>,
  onLearnt: () => void,
): Learning {
  let isDone = true
  return {
    get isDone() {
      return isDone
    },
    async learn() {
      isDone = false
      await untilDone(context, session.log, 'the pieces of a session could not be listed', async () => {
        session.learn(await piecesInBucket(context.storage, session.of, session.pieces, context.over))
        isDone = true
        onLearnt()
      })
    },
  }
}
