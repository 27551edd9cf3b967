/**
 * The readers of live events in one process: they share one subscription to Redis, and get the changes of a quarter of a second
 * together. A reader that comes back names its last event, and gets all changes since from the state of the runs, so no event has
 * to be kept.
 * @module
 */
import { messageOf } from '../../errors.ts'
import {
  UNNOTICED_MS,
  type ChangeListener,
  type ChangeReader,
  type Changes,
  type ChangeSubscription,
} from '../../queue/changes.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { SECOND_MS } from '../../time.ts'
import { createGathering } from './about.ts'

export interface Watcher {
  /** From now on nothing is missed. @param id - names this place after an interruption */
  readonly onOpen: (id: string) => void
  readonly onChanges: (changes: Changes, id: string) => void
  readonly onLines?: (lines: readonly string[]) => void
  /** Nothing more comes: the process ends. */
  readonly onEnd: () => void
}

interface WatchRequest {
  /** The lines of its tool come too. */
  readonly runId?: string | undefined
  /** All changes since then come first. */
  readonly sinceId?: string | undefined
}

export interface Hub {
  /** Returns what ends it; undefined when there are too many, or the process ends. */
  watch(watcher: Watcher, request?: WatchRequest): (() => void) | undefined
  /** Ends all. */
  close(): void
}

export interface HubParts {
  readonly subscribe: (listener: ChangeListener) => ChangeSubscription
  readonly reader: ChangeReader
  readonly functionNames: readonly string[]
  readonly log: Logger
  /** @defaultValue 200 */
  readonly maxWatchers?: number
}

const MAX_WATCHERS = 200
const GATHER_MS = 250
/** A change may be heard later than it was made: an id is so much earlier than the moment in which it is sent. */
const OVERLAP_MS = 2 * SECOND_MS
/** Everything has to be read again. */
const UNKNOWN: Changes = { runs: [], others: [], hasMore: true }

export function createHub(parts: HubParts): Hub {
  const { subscribe, reader, functionNames, log, maxWatchers = MAX_WATCHERS } = parts
  const watchers = new Map<Watcher, WatchRequest>()
  /** They came before the subscription was there. */
  const waiting = new Set<Watcher>()
  const gathering = createGathering()
  let timer: NodeJS.Timeout | undefined
  let lastId = 0
  /** The place up to which nothing was missed, while the subscription is lost. */
  let lostMs: number | undefined
  let isReady = false
  let isClosed = false

  const subscription = subscribe({
    onChanges(changes) {
      gathering.add(changes)
      timer ??= setTimeout(() => void flush(), GATHER_MS)
    },
    onLines(runId, lines) {
      for (const [watcher, request] of watchers) if (request.runId === runId) watcher.onLines?.(lines)
    },
    onReady: () => void becomeReady(),
    onLost() {
      isReady = false
      lostMs ??= Math.max(0, lastId - UNNOTICED_MS)
    },
    onRefused: (error) =>
      log.warn({ error: error.message }, 'cannot subscribe to changes: pages do not move by themselves'),
  })

  async function flush(): Promise<void> {
    const id = await nextId()
    timer = undefined
    const changes = gathering.take()
    for (const watcher of watchers.keys()) watcher.onChanges(changes, id)
  }

  async function nextId(): Promise<string> {
    try {
      lastId = Math.max(0, (await reader.nowMs()) - OVERLAP_MS)
    } catch (error) {
      // The changes are sent all the same, with the id before.
      log.debug({ error: messageOf(error) }, 'redis does not tell its time')
    }
    return String(lastId)
  }

  async function changesSince(sinceMs: number): Promise<Changes> {
    try {
      const runs = await reader.since(sinceMs, functionNames)
      return runs ? { runs, others: [], hasMore: false } : UNKNOWN
    } catch (error) {
      log.debug({ error: messageOf(error) }, 'redis does not tell what has changed')
      return UNKNOWN
    }
  }

  /** At the beginning, and after the connection was lost: readers that were there have missed the changes since. */
  async function becomeReady(): Promise<void> {
    isReady = true
    const came = [...waiting]
    waiting.clear()
    const old = [...watchers.keys()].filter((watcher) => !came.includes(watcher))
    const sinceMs = lostMs ?? lastId
    lostMs = undefined
    if (old.length > 0) {
      const id = await nextId()
      const changes = await changesSince(sinceMs)
      for (const watcher of old) if (watchers.has(watcher)) watcher.onChanges(changes, id)
    }
    await Promise.all(came.map((watcher) => open(watcher)))
  }

  async function open(watcher: Watcher): Promise<void> {
    const id = await nextId()
    const sinceId = watchers.get(watcher)?.sinceId
    const sinceMs = Number(sinceId)
    const isKnown = Number.isSafeInteger(sinceMs) && sinceMs >= 0
    const missed = sinceId === undefined ? undefined : isKnown ? await changesSince(sinceMs) : UNKNOWN
    // It may have gone in between.
    if (!watchers.has(watcher)) return
    watcher.onOpen(id)
    if (missed) watcher.onChanges(missed, id)
  }

  function isListenedTo(runId: string): boolean {
    return [...watchers.values()].some((request) => request.runId === runId)
  }

  return {
    watch(watcher, request = {}) {
      const { runId } = request
      if (isClosed || watchers.size >= maxWatchers) return undefined
      if (runId !== undefined && !isListenedTo(runId)) subscription.addRun(runId)
      watchers.set(watcher, request)
      if (isReady) void open(watcher)
      else waiting.add(watcher)
      if (watchers.size === 1) subscription.start()
      return () => {
        waiting.delete(watcher)
        if (!watchers.delete(watcher)) return
        if (runId !== undefined && !isListenedTo(runId)) subscription.removeRun(runId)
        if (watchers.size > 0) return
        isReady = false
        subscription.stop()
      }
    },
    close() {
      isClosed = true
      clearTimeout(timer)
      for (const watcher of watchers.keys()) watcher.onEnd()
      watchers.clear()
      subscription.close()
    },
  }
}
