/** Entries of two streams may have the same name: only the one in the lane of its run stands for it. */
import { expect, it } from 'vitest'
import { GROUP, type Lane } from '../../runtime/queue/keys.ts'
import { FN, newRunOf, useQueue } from '../helpers/queue.ts'

const used = useQueue()
const MINUTE_MS = 60_000

/** Puts an entry for the run into the low lane, under the name of its own in the live one, which it returns. */
async function doubled(runId: string): Promise<string> {
  const { redis, queue } = used
  const entry = (await redis.hget(queue.keys.run(runId), 'entry'))!
  await redis.xadd(queue.keys.stream(FN, 'low'), entry, 'r', runId)
  return entry
}

const pending = (lane: Lane) => used.redis.xpending(used.queue.keys.stream(FN, lane), GROUP, '-', '+', 9)

it('claims a run by its own entry, and throws the other one away', async () => {
  const { redis, queue } = used
  await queue.enqueue(newRunOf('a'))
  await doubled('a')
  const wants = [{ functionName: FN, free: 1, lowFirst: 1 }]
  const { claims } = await queue.claim('w', 1, { wants })
  expect(claims.map(({ runId, lane }) => [runId, lane])).toEqual([['a', 'live']])
  expect([(await pending('live')).length, await redis.xlen(queue.keys.stream(FN, 'low'))]).toEqual([1, 0])
})

it('claims a run by its own entry, also where an older one of the same lane leads to it', async () => {
  const { redis, queue } = used
  const live = queue.keys.stream(FN, 'live')
  await redis.xadd(live, '*', 'r', 'a')
  await queue.enqueue(newRunOf('a'))
  const own = await redis.hget(queue.keys.run('a'), 'entry')
  const { claims } = await queue.claim('w', 1)
  expect(claims.map(({ runId, fence }) => [runId, fence])).toEqual([['a', '1']])
  expect((await redis.xrange(live, '-', '+')).map(([entry]) => entry)).toEqual([own])
  expect(await queue.settle(claims[0]!, { kind: 'complete', result: '{}' })).toBe('succeeded')
  expect(await redis.xlen(live)).toBe(0)
})

it('does not take a run back because of the other entry', async () => {
  const { redis, queue } = used
  await queue.enqueue(newRunOf('a'))
  const { claims } = await queue.claim('w')
  const low = queue.keys.stream(FN, 'low')
  await redis.xgroup('CREATE', low, GROUP, 0, 'MKSTREAM')
  const entry = await doubled('a')
  await redis.xreadgroup('GROUP', GROUP, 'lost', 'COUNT', 1, 'STREAMS', low, '>')
  await redis.xclaim(low, GROUP, 'lost', 0, entry, 'IDLE', MINUTE_MS, 'JUSTID')
  expect(await queue.takeBack(MINUTE_MS / 2)).toEqual([])
  expect(await queue.run('a')).toMatchObject({ state: 'running' })
  expect(await redis.xlen(low)).toBe(0)
  expect(await queue.settle(claims[0]!, { kind: 'complete', result: '{}' })).toBe('succeeded')
})
