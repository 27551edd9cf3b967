/**
 * Answers to requests with an `Idempotency-Key`, kept in Redis for a day. Each request has a nonce, so that a command that is
 * sent again finds its own work, and one that was given up cannot touch a request that was started since.
 * @module
 */
import { createHash, randomUUID } from 'node:crypto'
import type { Redis } from './redis.ts'
import { createScripts } from './scripts.ts'
import { DAY_MS, SECOND_MS } from '../time.ts'

/** Keeps the answers to requests that carry an `Idempotency-Key`, for a day. */
export interface AnswerStore {
  /** `begun`: this process is to answer; `busy`: another does; `mismatch`: the key was used for a different request. */
  begin(
    key: string,
    requestHash: string,
  ): Promise<
    | ({ readonly kind: 'begun' } & BegunRequest)
    | { readonly kind: 'busy' | 'mismatch' }
    | { readonly kind: 'answered'; readonly answer: StoredAnswer }
  >
}

/** A request to answer. Each method ends that, and does nothing when another process has the request by now. */
export interface BegunRequest {
  keep(answer: StoredAnswer): Promise<void>
  /** Nothing was done: the key may be used again. */
  forget(): Promise<void>
  /** Nobody knows whether it was done: the same request may be sent again, and no other with this key. */
  doubt(): Promise<void>
}

export interface StoredAnswer {
  readonly status: number
  readonly location?: string
  readonly body: string
}

interface AnswerTimes {
  /** After this time without a renewal the key can be used again: the process was lost. */
  readonly underWayMs: number
  readonly renewMs: number
}

const TIMES: AnswerTimes = { underWayMs: 60 * SECOND_MS, renewMs: 20 * SECOND_MS }

export function createAnswerStore(redis: Redis, prefix: string, times = TIMES): AnswerStore {
  const script = createScripts(redis, prefix)
  return {
    async begin(key, requestHash) {
      const name = createHash('sha256').update(key).digest('hex')
      const nonce = randomUUID()
      const reply = await script('begin_answer', [name, requestHash, nonce, times.underWayMs])
      const [kind, text] = reply as ['begun' | 'busy' | 'mismatch' | 'answered', string?]
      if (kind === 'answered') return { kind, answer: JSON.parse(text ?? '') as StoredAnswer }
      if (kind !== 'begun') return { kind }

      const act = (what: 'renew' | 'keep' | 'forget' | 'doubt', ms: number, answer = '') =>
        script('end_answer', [name, nonce, what, ms, answer])
      // A renewal that fails is tried again at the next one; without any the key is free after `underWayMs`.
      const renewal = setInterval(
        () => void act('renew', times.underWayMs).catch(() => undefined),
        times.renewMs,
      )
      renewal.unref()
      const end = async (...args: Parameters<typeof act>) => {
        clearInterval(renewal)
        await act(...args)
      }
      return {
        kind,
        keep: (answer) => end('keep', DAY_MS, JSON.stringify(answer)),
        forget: () => end('forget', 0),
        doubt: () => end('doubt', DAY_MS),
      }
    },
  }
}
