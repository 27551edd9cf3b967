/**
 * Sends the pieces of a session to the bucket, the oldest first: three at a time, after a failure one at a time with growing pauses,
 * for as long as it takes.
 * @module
 */
import { messageOf } from '../../errors.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { sleep } from '../../time.ts'
import { comparePlaces, type LossReason, type Piece } from '../piece.ts'

const AT_A_TIME = 3
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 10_000

export type Sent =
  | { readonly kind: 'stored'; readonly sha256Hex: string }
  /** No attempt can succeed. */
  | { readonly kind: 'lost'; readonly reason: Extract<LossReason, 'file-lost' | 'key-taken'> }

/** A piece on disk that the bucket does not have. */
export interface Unsent {
  readonly piece: Piece
  readonly path: string
  /** When FFmpeg closed it, epoch milliseconds; undefined for one that was found after a kill. */
  readonly closedAtMs: number | undefined
  /** Whether its pictures do not follow on those of the piece before. */
  readonly isDiscontinuity: boolean
}

export interface Sender {
  add(unsent: Unsent): void
  /** Gives up the oldest piece, also while it is being sent; undefined when there is none. */
  dropOldest(): Unsent | undefined
  /** The number of pieces that the bucket does not have. */
  readonly length: number
  /** Resolves when there is no piece left. */
  whenIdle(): Promise<void>
  /** Sends no more; what is on its way is aborted. */
  stop(): void
}

export interface SenderOptions {
  /** Resolves when no further attempt is needed: the bucket has acknowledged the piece, or never will. */
  readonly send: (unsent: Unsent, signal: AbortSignal) => Promise<Sent>
  /** Not called for a piece that was dropped meanwhile. */
  readonly onSent: (unsent: Unsent, sent: Sent) => void
  readonly log: Logger
  readonly firstPauseMs?: number
}

interface Waiting {
  readonly unsent: Unsent
  isSending: boolean
  readonly abort: AbortController
}

export function createSender({ send, onSent, log, firstPauseMs = FIRST_PAUSE_MS }: SenderOptions): Sender {
  const queue: Waiting[] = []
  const idle = new Set<() => void>()
  const stopped = new AbortController()
  let sending = 0
  let failures = 0
  let isPausing = false

  const remove = (waiting: Waiting) => {
    const at = queue.indexOf(waiting)
    if (at === -1) return false
    queue.splice(at, 1)
    if (queue.length === 0) for (const resolve of idle) resolve()
    if (queue.length === 0) idle.clear()
    return true
  }

  const pump = () => {
    const most = failures > 0 ? 1 : AT_A_TIME
    while (sending < most && !isPausing && !stopped.signal.aborted) {
      const next = queue.find(({ isSending }) => !isSending)
      if (!next) return
      void attempt(next)
    }
  }

  const pause = async () => {
    isPausing = true
    await sleep(Math.min(LONGEST_PAUSE_MS, firstPauseMs * 2 ** (failures - 1)), stopped.signal)
    isPausing = false
  }

  async function attempt(waiting: Waiting): Promise<void> {
    const { unsent, abort } = waiting
    waiting.isSending = true
    sending++
    try {
      const sent = await send(unsent, AbortSignal.any([abort.signal, stopped.signal]))
      failures = 0
      if (queue.includes(waiting)) onSent(unsent, sent)
      // Only now: a caller that waits for the last piece finds everything recorded.
      remove(waiting)
    } catch (error) {
      if (!abort.signal.aborted && !stopped.signal.aborted) {
        failures++
        const { take, number } = unsent.piece
        log.warn({ take, number, error: messageOf(error), failures }, 'a piece could not be stored; retrying')
        if (!isPausing) await pause()
      }
    } finally {
      waiting.isSending = false
      sending--
      pump()
    }
  }

  return {
    add(unsent) {
      const waiting = { unsent, isSending: false, abort: new AbortController() }
      const at = queue.findIndex((each) => comparePlaces(each.unsent.piece, unsent.piece) > 0)
      queue.splice(at === -1 ? queue.length : at, 0, waiting)
      pump()
    },
    dropOldest() {
      const [oldest] = queue
      if (!oldest) return undefined
      remove(oldest)
      oldest.abort.abort(new Error('dropped, since the spool is full'))
      return oldest.unsent
    },
    get length() {
      return queue.length
    },
    whenIdle: () => (queue.length === 0 ? Promise.resolve() : new Promise((resolve) => idle.add(resolve))),
    stop: () => stopped.abort(new Error('the receiver ends')),
  }
}
