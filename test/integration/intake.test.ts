import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defineFunction } from '../../runtime/function.ts'
import { createIntake, type Intake } from '../../runtime/intake/intake.ts'
import { createRouter } from '../../runtime/intake/routing.ts'
import { createLogger } from '../../runtime/logger.ts'
import { createMetrics } from '../../runtime/metrics.ts'
import { FN, useQueue } from '../helpers/queue.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useQueue()
const cut = defineFunction({ name: FN, version: '1', on: { bucket: 'incoming' } }, (c) => c.json({}))
const text = readFileSync(new URL('../fixtures/events/put-simple.json', import.meta.url), 'utf8')
const PUT = (JSON.parse(text) as { raw: string[] }).raw[0] as string
/** The same upload of another key. */
const putOf = (key: string) => PUT.replace('"key":"a.txt"', `"key":"${key}"`)

let intake: Intake
let blocking: Redis
let ended: Promise<void> | undefined
const metrics = createMetrics([FN])

beforeEach(() => {
  blocking = used.redis.duplicate({ blockingTimeout: 5_000 })
  intake = createIntake({
    queue: used.queue,
    blocking,
    router: createRouter([cut]),
    paths: 2,
    recordTtlMs: 60_000,
    metrics,
    log: createLogger({ level: 'silent', format: 'json' }),
  })
  ended = undefined
})
afterEach(async () => {
  intake.stop()
  await ended
})

const inbox = () => used.redis.llen(used.queue.keys.inbox)
const untilEmpty = () =>
  waitFor(async () => (await inbox()) === 0, { timeoutMs: 5_000, what: 'the inbox to be empty' })

describe('the loop', () => {
  it('admits what comes while it waits, both copies of each, and whatever stands between', async () => {
    ended = intake.run()
    for (const key of ['a.txt', 'b.txt'])
      await used.redis.rpush(used.queue.keys.inbox, putOf(key), putOf(key), '{')
    await untilEmpty()
    const { claims } = await used.queue.claim('w', 9)
    expect(claims.map(({ payload }) => payload.key).toSorted()).toEqual(['a.txt', 'b.txt'])
    expect(await used.redis.xlen(used.queue.keys.bad)).toBe(2)
    for (const { runId } of claims) expect(await used.queue.run(runId)).toMatchObject({ copies: 2, dups: 0 })
  })

  it('takes a backlog in batches and loses nothing of it', async () => {
    const raws = Array.from({ length: 500 }, (_, index) => putOf(`${index}.txt`))
    await used.redis.rpush(used.queue.keys.inbox, ...raws)
    expect(await intake.runOnce()).toBe(64)
    ended = intake.run()
    await untilEmpty()
    expect(await used.redis.xlen(used.queue.keys.stream(FN, 'live'))).toBe(500)
  })

  it('works beside another intake on the same list: each notification counts once', async () => {
    const raws = Array.from({ length: 300 }, (_, index) => putOf(`${index}.txt`))
    await used.redis.rpush(used.queue.keys.inbox, ...raws)
    while ((await Promise.all([intake.runOnce(), intake.runOnce()])).some((count) => count > 0));
    const { claims } = await used.queue.claim('w', 400)
    expect(new Set(claims.map(({ runId }) => runId)).size).toBe(300)
    for (const { runId } of claims) expect(await used.queue.run(runId)).toMatchObject({ copies: 1, dups: 0 })
  })

  it('waits with everything where it is while Redis takes no runs, and goes on afterwards', async () => {
    await used.redis.set(used.queue.keys.stream(FN, 'live'), 'a string')
    await used.redis.rpush(used.queue.keys.inbox, PUT)
    await expect(intake.runOnce()).rejects.toThrow(/WRONGTYPE/)
    ended = intake.run()
    await used.redis.del(used.queue.keys.stream(FN, 'live'))
    await untilEmpty()
    expect(await used.redis.xlen(used.queue.keys.stream(FN, 'live'))).toBe(1)
  })

  it('ends at once though it waits for news', async () => {
    ended = intake.run()
    await waitFor(async () => String(await used.redis.client('LIST')).includes('cmd=blmove'), {
      timeoutMs: 5_000,
      what: 'the loop to wait',
    })
    intake.stop()
    await expect(ended).resolves.toBeUndefined()
  })
})
