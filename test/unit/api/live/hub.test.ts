import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createHub, type Watcher } from '../../../../runtime/api/live/hub.ts'
import type { ChangeListener, Changes, RunChange } from '../../../../runtime/queue/changes.ts'
import { createLogger } from '../../../../runtime/telemetry/logger.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const change = (runId: string): RunChange => ({ runId, functionName: 'cut', state: 'running', objectId: 'o' })
const changesOf = (...runIds: string[]): Changes => ({ runs: runIds.map(change), others: [], hasMore: false })

/** A hub whose Redis this test plays. */
function createTestHub(maxWatchers?: number) {
  const calls: string[] = []
  let listener: ChangeListener
  let nowMs = 10_000
  let since: readonly RunChange[] | undefined = []
  const hub = createHub({
    subscribe(given) {
      listener = given
      const said =
        (what: string) =>
        (runId = '') =>
          void calls.push(`${what} ${runId}`.trim())
      return {
        start: said('start'),
        stop: said('stop'),
        addRun: said('add'),
        removeRun: said('remove'),
        close: said('close'),
      }
    },
    reader: {
      nowMs: () => Promise.resolve(nowMs),
      since(ms) {
        calls.push(`since ${ms}`)
        return Promise.resolve(since)
      },
    },
    functionNames: ['cut'],
    log: createLogger({ level: 'silent', format: 'json' }),
    ...(maxWatchers !== undefined && { maxWatchers }),
  })
  const heard: string[] = []
  const watcher = (name: string): Watcher => ({
    onOpen: (id) => heard.push(`${name} open ${id}`),
    onChanges: ({ runs, hasMore }, id) =>
      heard.push(`${name} ${runs.map(({ runId }) => runId).join()}${hasMore ? ' more' : ''} ${id}`),
    onLines: (lines) => heard.push(`${name} lines ${lines.join()}`),
    onEnd: () => heard.push(`${name} end`),
  })
  return {
    hub,
    calls,
    watcher,
    taken: () => heard.splice(0),
    settle: () => vi.advanceTimersByTimeAsync(0),
    set: (facts: { nowMs?: number; since?: readonly RunChange[] | undefined }) => {
      if (facts.nowMs !== undefined) nowMs = facts.nowMs
      if ('since' in facts) since = facts.since
    },
    get redis() {
      return listener
    },
  }
}

describe('readers of live events', () => {
  it('hear that nothing is missed when Redis has the subscription, and then get the changes of a quarter of a second together', async () => {
    const { hub, redis, watcher, taken, settle, set } = createTestHub()
    hub.watch(watcher('a'))
    await settle()
    expect(taken()).toEqual([])
    redis.onReady()
    await settle()
    hub.watch(watcher('b'))
    await settle()
    expect(taken()).toEqual(['a open 8000', 'b open 8000'])
    redis.onChanges(changesOf('r1'))
    redis.onChanges(changesOf('r2', 'r1'))
    set({ nowMs: 11_000 })
    await vi.advanceTimersByTimeAsync(249)
    expect(taken()).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(taken()).toEqual(['a r1,r2 9000', 'b r1,r2 9000'])
  })

  it('come back and get what has changed since, or hear that it is too much', async () => {
    const { hub, redis, watcher, taken, settle, set, calls } = createTestHub()
    hub.watch(watcher('a'))
    redis.onReady()
    await settle()
    set({ since: [change('r7')] })
    hub.watch(watcher('b'), { sinceId: '5000' })
    await settle()
    set({ since: undefined })
    hub.watch(watcher('c'), { sinceId: '5000' })
    hub.watch(watcher('d'), { sinceId: 'no time' })
    await settle()
    expect(taken().slice(1)).toEqual([
      'b open 8000',
      'b r7 8000',
      'd open 8000',
      'd  more 8000',
      'c open 8000',
      'c  more 8000',
    ])
    expect(calls.filter((call) => call.startsWith('since'))).toEqual(['since 5000', 'since 5000'])
  })

  it('get what they have missed when the connection was lost', async () => {
    const { hub, redis, watcher, taken, settle, set, calls } = createTestHub()
    hub.watch(watcher('a'))
    redis.onReady()
    await settle()
    set({ nowMs: 90_000, since: [change('r9')] })
    redis.onReady()
    await settle()
    expect(taken()).toEqual(['a open 8000', 'a r9 88000'])
    expect(calls).toContain('since 8000')
  })

  it('miss nothing of an outage though another one comes in the middle of it, who waits for its end', async () => {
    const { hub, redis, watcher, taken, settle, set, calls } = createTestHub()
    set({ nowMs: 100_000 })
    hub.watch(watcher('a'))
    redis.onReady()
    await settle()
    expect(taken()).toEqual(['a open 98000'])
    redis.onLost()
    redis.onLost()
    set({ nowMs: 190_000, since: [change('r9')] })
    hub.watch(watcher('b'))
    await settle()
    // Redis tells its time by another connection, and of changes by none.
    expect(taken()).toEqual([])
    redis.onReady()
    await settle()
    expect(taken()).toEqual(['a r9 188000', 'b open 188000'])
    // The connection may have been gone for half a minute before that was noticed.
    expect(calls.filter((call) => call.startsWith('since'))).toEqual(['since 68000'])
  })

  it('share one subscription, which ends with the last of them', async () => {
    const { hub, redis, watcher, calls, taken, settle } = createTestHub()
    const stopA = hub.watch(watcher('a'), { runId: 'r1' })!
    redis.onReady()
    const stopB = hub.watch(watcher('b'), { runId: 'r1' })!
    await settle()
    taken()
    redis.onLines('r1', ['frame=1'])
    redis.onLines('r2', ['nobody'])
    expect(taken()).toEqual(['a lines frame=1', 'b lines frame=1'])
    stopA()
    stopA()
    expect(calls).toEqual(['add r1', 'start'])
    stopB()
    expect(calls).toEqual(['add r1', 'start', 'remove r1', 'stop'])
    hub.watch(watcher('c'))
    await settle()
    // The subscription is not there yet.
    expect(taken()).toEqual([])
  })

  it('are as many as are allowed, and end with the process', () => {
    const { hub, watcher, taken, calls } = createTestHub(1)
    const stop = hub.watch(watcher('a'))
    expect(hub.watch(watcher('b'))).toBeUndefined()
    stop?.()
    hub.watch(watcher('c'))
    hub.close()
    expect(hub.watch(watcher('d'))).toBeUndefined()
    expect([taken(), calls.at(-1)]).toEqual([['c end'], 'close'])
  })
})
