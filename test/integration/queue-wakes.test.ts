import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Redis } from '../../runtime/queue/redis.ts'
import { subscribeToWakeUps } from '../../runtime/queue/wake-up.ts'
import { FN, FAILED, newRunOf, RELEASED, useQueue } from '../helpers/queue.ts'

const used = useQueue()
const OTHER = 'probe'

let ears: Redis[] = []
/** Each word that a worker has got, as `<worker> <function>`; those to all as `all <word>`. */
let heard: string[] = []
beforeEach(() => {
  ears = []
  heard = []
})
afterEach(() => {
  for (const ear of ears) ear.disconnect()
})

async function listens(worker: string) {
  const ear = used.redis.duplicate()
  ears.push(ear)
  let stop: () => void = () => undefined
  await new Promise<void>((resolve, reject) => {
    stop = subscribeToWakeUps(ear, used.queue.keys, worker, {
      onReady: resolve,
      onRefused: reject,
      onWord: (word) => heard.push(`all ${word}`),
      onWork: (functionName) => heard.push(`${worker} ${functionName}`),
    })
  })
  return { ear, stop }
}

/** Looks for work in both functions, and so waits for them where there is none. */
const looks = (worker: string, inFlight = 0, wokenFor: string[] = []) =>
  used.queue.claim(worker, 2, { inFlight, wokenFor, looksAtAll: false, wants: wantsOf(FN, OTHER) })

/** As after a while without words: everything is looked at and said anew. */
const looksAgain = (worker: string) => used.queue.claim(worker, 0, { wants: wantsOf(FN, OTHER) })

const wantsOf = (...names: string[]) => names.map((functionName) => ({ functionName, free: 2, lowFirst: 0 }))

/** Words arrive by other connections in the order in which they were said: after the last of them comes this one. */
async function words(): Promise<string[]> {
  for (const ear of ears) if (ear.status === 'ready') await ear.ping()
  return heard.splice(0).filter((word) => word !== 'all tidy')
}

const idle = (functionName = FN) =>
  used.redis.zrange(`${used.queue.keys.prefix}idle:${functionName}`, '0', '-1')

it('wakes as many workers as runs were added, of those that wait, the least busy first', async () => {
  for (const worker of ['a', 'b', 'c']) await listens(worker)
  await looks('a', 3)
  await looks('b', 0)
  await looks('c', 1)
  expect(await idle()).toEqual(['b', 'c', 'a'])
  await used.queue.enqueue(newRunOf('1'))
  expect(await words()).toEqual([`b ${FN}`])
  await used.queue.enqueue(newRunOf('2'), newRunOf('3'), newRunOf('4'))
  expect((await words()).toSorted()).toEqual([`a ${FN}`, `c ${FN}`])
  expect(await idle()).toEqual([])
  expect(await idle(OTHER)).toEqual(['b', 'c', 'a'])
})

it('a worker waits for what it still has slots for, also while it works, and never for what it has none for', async () => {
  await listens('a')
  await looks('a')
  await used.queue.enqueue(newRunOf('1'))
  expect((await looks('a')).claims).toHaveLength(1)
  expect(await idle()).toEqual(['a'])
  await used.queue.enqueue(newRunOf('2'), newRunOf('3'))
  expect((await looks('a', 1)).claims).toHaveLength(2)
  expect(await idle()).toEqual([])
  expect(await idle(OTHER)).toEqual(['a'])
  await used.queue.claim('b', 0, {
    looksAtAll: false,
    wants: [{ functionName: OTHER, free: 0, lowFirst: 0 }],
  })
  expect(await idle(OTHER)).toEqual(['a'])
})

it('passes over a worker that is gone or listens no more, so that its word is not lost', async () => {
  const { ear } = await listens('a')
  const { stop } = await listens('b')
  await listens('c')
  for (const worker of ['a', 'b', 'c']) await looks(worker)
  ear.disconnect()
  stop()
  const channels = ['a', 'b'].map((worker) => used.queue.keys.wakeOf(worker))
  await expect
    .poll(() => used.redis.call('PUBSUB', 'NUMSUB', ...channels))
    .toEqual(channels.flatMap((channel) => [channel, 0]))
  await used.queue.enqueue(newRunOf('1'))
  expect(await words()).toEqual([`c ${FN}`])
})

it('a worker that was woken for what it cannot take hands each word on', async () => {
  for (const worker of ['a', 'b', 'c']) await listens(worker)
  await looks('a')
  await used.queue.enqueue(newRunOf('1'), newRunOf('2'))
  expect(await words()).toEqual([`a ${FN}`])
  await looks('b')
  await used.queue.claim('b', 0, { wants: wantsOf(OTHER) })
  await used.redis.zadd(`${used.queue.keys.prefix}idle:${FN}`, 0, 'b', 0, 'c')
  // Two words, and slots for another function only.
  await used.queue.claim('a', 0, { wokenFor: [FN, FN], looksAtAll: false, wants: wantsOf(OTHER) })
  expect((await words()).toSorted()).toEqual([`b ${FN}`, `c ${FN}`])
})

it('a word is not handed on when the run is taken, nor to the worker that hands it on', async () => {
  for (const worker of ['a', 'b']) await listens(worker)
  await looks('a')
  await looks('b')
  await looks('a', 0, [FN])
  await looks('a', 0, [OTHER])
  expect(await words()).toEqual([])
  await used.queue.enqueue(newRunOf('1'))
  expect(await words()).toEqual([`a ${FN}`])
  expect((await looks('a', 0, [FN])).claims).toHaveLength(1)
  expect(await words()).toEqual([])
})

it('a run that is handed back, due, rerun or repaired wakes one worker', async () => {
  for (const worker of ['a', 'b']) await listens(worker)
  const { queue, redis } = used
  await queue.enqueue(newRunOf('1'))
  const [claim] = (await looksAgain('a')).claims
  await looksAgain('b')
  if (!claim) throw new Error('nothing was claimed')
  await queue.settle(claim, RELEASED, 'a')
  expect(await words()).toEqual([`b ${FN}`])
  const [again] = (await looksAgain('a')).claims
  if (!again) throw new Error('nothing was claimed')
  await queue.settle(again, FAILED, 'a')
  await looksAgain('a')
  await queue.promote(10)
  expect(await words()).toHaveLength(1)
  await looksAgain('a')
  await looksAgain('b')
  await queue.rerun({ trigger: 'reprocess', isForced: true, items: [{ runId: '1' }] })
  expect((await words()).filter((word) => !word.startsWith('all cancel'))).toHaveLength(1)
  await redis.del(queue.keys.stream(FN, 'low'))
  await looksAgain('a')
  await looksAgain('b')
  expect(await queue.repair(['1'])).toEqual(['stream-entry'])
  expect(await words()).toHaveLength(1)
})

it('a turn reads the streams of functions that are said to have something, and one that looks at all finds the rest', async () => {
  const { queue, redis } = used
  const ready = `${queue.keys.prefix}ready`
  await queue.enqueue(newRunOf('1'), newRunOf('2', { functionName: OTHER, lane: 'low' }))
  expect((await redis.smembers(ready)).toSorted()).toEqual([FN, OTHER])
  // As a worker of the release before leaves it.
  await redis.srem(ready, OTHER)
  expect((await looks('a')).claims).toMatchObject([{ runId: '1' }])
  expect(await redis.smembers(ready)).toEqual([])
  expect((await queue.claim('a', 0, { wants: wantsOf(FN, OTHER) })).claims).toMatchObject([{ runId: '2' }])
})

it('a function stays ready while a lane of it has something that nobody has taken', async () => {
  const { queue, redis } = used
  await queue.enqueue(newRunOf('1'), newRunOf('2', { lane: 'low', trigger: 'sweep' }))
  const reply = await queue.claim('a', 1, { looksAtAll: false })
  expect(reply).toMatchObject({ claims: [{ runId: '1' }], isDrained: true })
  expect(await redis.smembers(`${queue.keys.prefix}ready`)).toEqual([FN])
  expect((await queue.claim('a', 2, { looksAtAll: false })).claims).toMatchObject([{ runId: '2' }])
  expect(await redis.smembers(`${queue.keys.prefix}ready`)).toEqual([])
})

it('a worker that is forgotten waits no longer', async () => {
  const { queue, redis } = used
  await looks('gone')
  for (const name of [FN, OTHER]) await redis.zadd(queue.keys.workers(name), 1, 'gone')
  await queue.registerWorker('a', 60_000, [FN, OTHER])
  expect([...(await idle()), ...(await idle(OTHER))]).toEqual([])
})
