import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parseChanges, subscribeToChanges, UNNOTICED_MS } from '../../../runtime/queue/changes.ts'
import { createKeys } from '../../../runtime/queue/keys.ts'
import type { Redis } from '../../../runtime/queue/redis.ts'

it('reads what a script has told: runs, other things, and that there is more', () => {
  expect(parseChanges('r1 cut running o1\nlimits cut\nr2 glue dead o2\nmore')).toEqual({
    runs: [
      { runId: 'r1', functionName: 'cut', state: 'running', objectId: 'o1' },
      { runId: 'r2', functionName: 'glue', state: 'dead', objectId: 'o2' },
    ],
    others: [{ kind: 'limits', name: 'cut' }],
    hasMore: true,
  })
  expect(parseChanges('r1 cut queued o1').hasMore).toBe(false)
})

describe('a subscription', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  /** A connection that this test plays. */
  function subscribed() {
    const asked: string[][] = []
    const connection = Object.assign(new EventEmitter(), {
      status: 'ready',
      subscribe: (...channels: string[]) => Promise.resolve(asked.push(channels)),
      unsubscribe: () => Promise.resolve(),
      disconnect: () => connection.emit('close'),
    })
    const heard: string[] = []
    const subscription = subscribeToChanges(connection as unknown as Redis, createKeys('test'), {
      onChanges: () => heard.push('changes'),
      onLines: () => heard.push('lines'),
      onReady: () => heard.push('ready'),
      onLost: () => heard.push('lost'),
      onRefused: () => heard.push('refused'),
    })
    return { connection, subscription, asked, heard }
  }

  it('is asked for again while nothing is heard, as its connection may have been cut without a word', async () => {
    const { subscription, asked, heard } = subscribed()
    subscription.start()
    await vi.advanceTimersByTimeAsync(UNNOTICED_MS)
    expect(asked.length).toBeGreaterThan(2)
    expect(heard).toEqual(['ready'])
    subscription.stop()
    const { length } = asked
    await vi.advanceTimersByTimeAsync(UNNOTICED_MS)
    expect(asked).toHaveLength(length)
  })

  it('reports that it is lost, but not its own end', () => {
    const { connection, subscription, heard } = subscribed()
    connection.emit('close')
    subscription.start()
    connection.emit('close')
    subscription.close()
    expect(heard).toEqual(['lost'])
  })
})
