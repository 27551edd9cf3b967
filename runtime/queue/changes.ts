/**
 * Live changes: scripts tell the changes of a call on the channel `live`, in one message (`scripts/prelude_tell.lua`), and workers the
 * lines of a run's tool, while somebody listens. Nothing is kept: a reader that was away reads the state.
 * @module
 */
import type { Keys } from './keys.ts'
import { redisNowMs, type Redis } from './redis.ts'
import type { RunState } from './run.ts'
import { createScripts } from './scripts.ts'
import { SECOND_MS } from '../time.ts'

/** A run as it is after a call of a script. */
export interface RunChange {
  readonly runId: string
  readonly functionName: string
  readonly state: RunState
  readonly objectId: string
}

/** Something else that has changed: a function's limits, a stream, a job. */
export interface OtherChange {
  readonly kind: 'limits' | 'stream' | 'job'
  readonly name: string
}

export interface Changes {
  readonly runs: readonly RunChange[]
  readonly others: readonly OtherChange[]
  /** Many have changed at once, and these are not all. */
  readonly hasMore: boolean
}

/**
 * **Shape**: lines such as `5d41402abc4b2a76b9719d911017c592 chunk running 7d793037a0760186574b0282f2f435e7`, `limits chunk`
 * and, as the last, `more`.
 */
export function parseChanges(text: string): Changes {
  const runs: RunChange[] = []
  const others: OtherChange[] = []
  let hasMore = false
  for (const line of text.split('\n')) {
    const [first = '', second, state, objectId] = line.split(' ')
    if (second === undefined) hasMore = true
    else if (state === undefined || objectId === undefined)
      others.push({ kind: first as OtherChange['kind'], name: second })
    else runs.push({ runId: first, functionName: second, state: state as RunState, objectId })
  }
  return { runs, others, hasMore }
}

export interface ChangeListener {
  readonly onChanges: (changes: Changes) => void
  /** New lines of the tool that works on a run that is listened to. */
  readonly onLines: (runId: string, lines: readonly string[]) => void
  /** The subscription is there (again): changes may have been missed before. */
  readonly onReady: () => void
  /** The connection is gone, for {@link UNNOTICED_MS} at most: changes are missed until it is ready again. */
  readonly onLost: () => void
  readonly onRefused: (error: Error) => void
}

export interface ChangeSubscription {
  /** Listens to changes; nothing is heard before. */
  start(): void
  stop(): void
  /** Listens to the lines of a run too. */
  addRun(runId: string): void
  removeRun(runId: string): void
  close(): void
}

/**
 * A connection that only hears would not notice that it was cut without a word: it asks for its subscription again, and is given
 * up when nothing comes back (`socketTimeout` in redis.ts).
 */
const CHECK_MS = 10 * SECOND_MS
/** Longer than it takes to notice that. */
export const UNNOTICED_MS = 30 * SECOND_MS

/** @param subscriber - a connection of its own */
export function subscribeToChanges(
  subscriber: Redis,
  keys: Keys,
  listener: ChangeListener,
): ChangeSubscription {
  const { onChanges, onLines, onReady, onLost, onRefused } = listener
  const runs = new Set<string>()
  let isOn = false
  let checks: NodeJS.Timeout | undefined
  const subscribe = (...channels: string[]) => {
    if (subscriber.status !== 'ready') return Promise.resolve()
    return subscriber.subscribe(...channels).then(() => undefined)
  }
  const subscribeAll = () => {
    if (isOn) subscribe(keys.live, ...[...runs].map((runId) => keys.liveOf(runId))).then(onReady, onRefused)
  }
  const unsubscribe = (channel: string) => {
    if (subscriber.status === 'ready') subscriber.unsubscribe(channel).catch(() => undefined)
  }
  // A refusal was reported the first time, and a connection that is lost comes back.
  const check = () => void subscribe(keys.live).catch(() => undefined)
  // ioredis subscribes again by itself, but says nothing of it.
  subscriber.on('ready', subscribeAll)
  subscriber.on('close', () => {
    if (isOn) onLost()
  })
  const ofRun = keys.liveOf('')
  subscriber.on('message', (channel: string, text: string) => {
    if (channel === keys.live) onChanges(parseChanges(text))
    else if (channel.startsWith(ofRun)) onLines(channel.slice(ofRun.length), text.split('\n'))
  })
  return {
    start() {
      if (isOn) return
      isOn = true
      checks = setInterval(check, CHECK_MS).unref()
      if (subscriber.status === 'ready') subscribeAll()
    },
    stop() {
      isOn = false
      clearInterval(checks)
      unsubscribe(keys.live)
    },
    addRun(runId) {
      runs.add(runId)
      subscribe(keys.liveOf(runId)).catch(onRefused)
    },
    removeRun(runId) {
      runs.delete(runId)
      unsubscribe(keys.liveOf(runId))
    },
    close() {
      isOn = false
      clearInterval(checks)
      subscriber.disconnect()
    },
  }
}

export type Telling = ReturnType<typeof createTelling>

/** The questions and words of workers. */
export function createTelling(redis: Redis, keys: Keys) {
  return {
    /** Whether anybody looks on, and which of these runs' lines are listened to. */
    async listened(
      runIds: readonly string[],
    ): Promise<{ readonly isAny: boolean; readonly runs: ReadonlySet<string> }> {
      const channels = runIds.map((runId) => keys.liveOf(runId))
      const flat = (await redis.pubsub('NUMSUB', keys.live, ...channels)) as (string | number)[]
      const counts = flat.filter((_, index) => index % 2 === 1).map(Number)
      const runs = new Set(runIds.filter((_, index) => (counts[index + 1] ?? 0) > 0))
      return { isAny: (counts[0] ?? 0) > 0, runs }
    },

    /** @param lines - without line ends */
    async tellLines(runId: string, lines: readonly string[]): Promise<void> {
      await redis.publish(keys.liveOf(runId), lines.join('\n'))
    },
  }
}

export interface ChangeReader {
  /** Redis's clock. */
  nowMs(): Promise<number>
  /** Runs that may have changed since, as they are now; undefined when they are too many to say. */
  since(sinceMs: number, functionNames: readonly string[]): Promise<readonly RunChange[] | undefined>
}

/** Pages read more than these again themselves. */
const MAX_CHANGED = 1_000

export function createChangeReader(redis: Redis, keys: Keys): ChangeReader {
  const script = createScripts(redis, keys.prefix)
  return {
    nowMs: () => redisNowMs(redis),
    async since(sinceMs, functionNames) {
      const reply = (await script('find_changed', [sinceMs, MAX_CHANGED, ...functionNames])) as (
        string | number
      )[]
      const [hasMore, ...flat] = reply
      if (hasMore === 1) return undefined
      const changes: RunChange[] = []
      for (let at = 0; at < flat.length; at += 4) {
        const [runId, functionName, state, objectId] = flat.slice(at, at + 4).map(String) as [
          string,
          string,
          RunState,
          string,
        ]
        changes.push({ runId, functionName, state, objectId })
      }
      return changes
    },
  }
}
