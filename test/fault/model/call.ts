/** One script, sent to Redis and applied to the model: their answers, their words and what is to be seen of both must be the same. @module */
import { isDeepStrictEqual } from 'node:util'
import type { Redis } from 'ioredis'
import { expect } from 'vitest'
import { createQueue, type Queue } from '../../../runtime/queue/queue.ts'
import { checkTold } from './told.ts'
import { checkInvariants, type Ledger } from './ledger.ts'
import type { Model, Moment } from './state.ts'
import { LISTENING } from './universe.ts'
import { learnTimes, viewOf, viewOfModel, type View } from './view.ts'

export interface Call<Answer = unknown> {
  readonly what: string
  readonly send: (queue: Queue) => Promise<Answer>
  /** @param args - as the script was sent */
  readonly apply: (model: Model, now: Moment, args: readonly unknown[]) => unknown
  /** What of the answer the model knows. @defaultValue all */
  readonly known?: (answer: Answer) => unknown
  /** Sent twice in a row it changes no more than once. @defaultValue true */
  readonly isRepeatable?: boolean
  /** For the ledger, which knows no rules, only promises. */
  readonly told?: (ledger: Ledger, answer: Answer) => void
}

export interface SentCall<Answer = unknown> {
  readonly call: Call<Answer>
  readonly args: readonly unknown[]
}

export type Bench = Awaited<ReturnType<typeof createBench>>

/** Redis and the model, side by side. */
export async function createBench(redis: Redis, model: Model, ledger: Ledger) {
  const recorder = recording(redis)
  const queue = createQueue(recorder.redis, 'model')
  const { keys } = queue
  const ears = redis.duplicate()
  const heard: string[] = []
  const told: string[] = []
  let onMark: ((mark: string) => void) | undefined
  ears.on('message', (channel: string, word: string) => {
    if (word.startsWith('mark:')) onMark?.(word)
    else if (channel === keys.live) told.push(word)
    else heard.push(`${channel.slice(keys.prefix.length)} ${word}`)
  })
  await ears.subscribe(keys.wake, keys.live, ...LISTENING.map((consumer) => keys.wakeOf(consumer)))
  let marks = 0
  let last: View | undefined
  let clockMs = 0

  /** Words come by another connection: what was called out before this mark is there when the mark is. */
  async function words(): Promise<string[]> {
    const mark = `mark:${++marks}`
    const arrived = new Promise<void>((resolve) => {
      onMark = (word) => word === mark && resolve()
    })
    await redis.publish(keys.wake, mark)
    await arrived
    return heard.splice(0).toSorted()
  }

  /** Both sides, compared; what is to be seen now. */
  async function look(what: string): Promise<View> {
    const { view, nowMs } = await viewOf(redis, keys)
    clockMs = nowMs
    learnTimes(model, view)
    const expected = viewOfModel(model)
    // `expect` shows the difference, but takes far longer to find none.
    if (!isDeepStrictEqual(view, expected))
      expect(view, `Redis and the model after ${what}`).toEqual(expected)
    checkInvariants(ledger, view, what)
    last = view
    return view
  }

  async function send<Answer>(call: Call<Answer>, resent?: readonly unknown[]): Promise<SentCall<Answer>> {
    if (!last) await look('nothing')
    const minMs = clockMs
    const { answer, args } = await recorder.during(() => call.send(queue), resent)
    const [seconds, micros] = (await redis.time()).map(Number) as [number, number]
    const now: Moment = { minMs, maxMs: seconds * 1_000 + Math.floor(micros / 1_000) }
    const expected = call.apply(model, now, args)
    const known = call.known ? call.known(answer) : answer
    expect(known, `the answer to ${call.what}`).toEqual(expected)
    expect(await words(), `the words of ${call.what}`).toEqual(model.words.splice(0).toSorted())
    call.told?.(ledger, answer)
    const before = last as View
    checkTold(before, await look(call.what), told.splice(0), call.what)
    return { call, args }
  }

  return {
    redis,
    queue,
    keys,
    model,
    /** Sends a script, and at once a second time when told so. */
    async send<Answer>(call: Call<Answer>, isTwice: boolean): Promise<SentCall<Answer>> {
      const sent = await send(call)
      if (!isTwice) return sent
      const before = last
      await send({ ...call, what: `${call.what}, sent again at once` }, sent.args)
      if (call.isRepeatable !== false)
        expect(last, `what ${call.what} left when it was sent again`).toEqual(before)
      return sent
    },
    /** Byte for byte what was sent some time ago. */
    resend: (sent: SentCall) => send({ ...sent.call, what: `${sent.call.what}, sent again` }, sent.args),
    nowMs: () => clockMs,
    close: () => ears.disconnect(),
  }
}

/** A connection that remembers what its scripts were given, and can be made to send just that again. */
function recording(redis: Redis) {
  let given: readonly unknown[] = []
  let substitute: readonly unknown[] | undefined
  const proxy = new Proxy(redis, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (!String(name).startsWith('sluice_')) return value.bind(target) as unknown
      return (...args: unknown[]): unknown => {
        given = substitute ?? args.flat()
        return value.apply(target, given) as unknown
      }
    },
  })
  return {
    redis: proxy,
    async during<T>(work: () => Promise<T>, resent: readonly unknown[] | undefined) {
      substitute = resent
      const answer = await work()
      substitute = undefined
      return { answer, args: given }
    },
  }
}
