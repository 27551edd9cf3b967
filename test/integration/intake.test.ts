import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defineFunction } from '../../runtime/function/definition.ts'
import { createIntake, type Intake } from '../../runtime/intake/intake.ts'
import { TEXT_MAX_BYTES } from '../../runtime/queue/inbox.ts'
import { createRouter } from '../../runtime/function/routing.ts'
import { createLogger } from '../../runtime/telemetry/logger.ts'
import { createMetrics } from '../../runtime/telemetry/metrics.ts'
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
const metrics = createMetrics()

beforeEach(() => {
  blocking = used.redis.duplicate({ blockingTimeout: 5_000 })
  intake = createIntake({
    name: 'here',
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
const untilWaiting = () =>
  waitFor(async () => String(await used.redis.client('LIST')).includes('cmd=blmove'), {
    timeoutMs: 30_000,
    what: 'the loop to wait',
  })
const untilEmpty = () =>
  waitFor(async () => (await inbox()) === 0, { timeoutMs: 30_000, what: 'the inbox to be empty' })

describe('the loop', () => {
  it('admits what arrives while it waits, both copies of each, and everything in between', async () => {
    ended = intake.run()
    for (const key of ['a.txt', 'b.txt'])
      await used.redis.rpush(used.queue.keys.inbox, putOf(key), putOf(key), '{')
    await untilEmpty()
    const { claims } = await used.queue.claim('w', 9)
    expect(claims.map(({ payload }) => payload.key).toSorted()).toEqual(['a.txt', 'b.txt'])
    expect(await used.redis.xlen(used.queue.keys.bad)).toBe(2)
    for (const { runId } of claims) expect(await used.queue.run(runId)).toMatchObject({ copies: 2, dups: 0 })
  })

  it('reads the head of the list once: with the wait when it was empty, and in batches when more came meanwhile', async () => {
    ended = intake.run()
    await untilWaiting()
    let pushed = 0
    /** How many scripts were called for so many texts, until the loop waits again. */
    const scriptsFor = async (count: number) => {
      await used.redis.config('RESETSTAT')
      const texts = Array.from({ length: count }, () => putOf(`${pushed++}.txt`))
      await used.redis.rpush(used.queue.keys.inbox, ...texts)
      await untilEmpty()
      await untilWaiting()
      const stats = await used.redis.info('commandstats')
      const of = (name: string) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0)
      return of('evalsha') + of('eval')
    }
    // The admission, and no reading before the next wait; at first the script is loaded, and after a pause nothing is gathered.
    await expect.poll(() => scriptsFor(1), { interval: 100, timeout: 20_000 }).toBe(1)
    // The one that ended the wait, the others together, and a look whether there are more.
    expect(await scriptsFor(20)).toBeLessThanOrEqual(6)
    expect(await used.redis.xlen(used.queue.keys.stream(FN, 'live'))).toBe(pushed)
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

  it('waits with everything where it is while Redis takes no runs, and continues afterwards', async () => {
    await used.redis.rpush(used.queue.keys.inbox, PUT)
    await used.redis.config('SET', 'maxmemory', 1)
    await expect(intake.runOnce()).rejects.toThrow(/OOM/)
    ended = intake.run()
    await used.redis.config('SET', 'maxmemory', 0)
    await untilEmpty()
    expect(await used.redis.xlen(used.queue.keys.stream(FN, 'live'))).toBe(1)
  })

  it('lets texts that are too long pass without taking them in, also while it waits for news', async () => {
    const long = (char: string) => char.repeat(TEXT_MAX_BYTES * 8)
    ended = intake.run()
    await untilWaiting()
    const before = blocking.stream
    await used.redis.rpush(used.queue.keys.inbox, long('a'), long('b'))
    await untilEmpty()
    // It gave the connection up on which the text came, as little of it as can be.
    expect(before.destroyed).toBe(true)
    expect(before.bytesRead).toBeLessThan(TEXT_MAX_BYTES * 2)
    await used.redis.rpush(used.queue.keys.inbox, long('c'), putOf('behind.txt'))
    await untilEmpty()
    expect(await used.redis.xlen(used.queue.keys.bad)).toBe(3)
    await untilWaiting()
    await used.redis.rpush(used.queue.keys.inbox, putOf('later.txt'))
    await untilEmpty()
    const { claims } = await used.queue.claim('w', 9)
    expect(claims.map(({ payload }) => payload.key)).toEqual(['behind.txt', 'later.txt'])
  })

  it('admits a notification of thousands of records in steps, and does nothing else twice', async () => {
    const record = (index: number) => ({
      eventName: 's3:ObjectCreated:Put',
      eventTime: '2026-11-23T08:16:22.094Z',
      s3: {
        bucket: { name: 'incoming' },
        object: { key: `${index}.txt`, eTag: 'e', sequencer: '18EA9E99279D2FA3' },
      },
    })
    const records = Array.from({ length: 2_500 }, (_, index) => record(index))
    await used.redis.rpush(used.queue.keys.inbox, JSON.stringify([{ Event: records }]), putOf('last.txt'))
    while ((await intake.runOnce()) > 0);
    expect(await used.redis.xlen(used.queue.keys.stream(FN, 'live'))).toBe(2_501)
    expect(await inbox()).toBe(0)
    expect(await used.redis.exists(used.queue.keys.bad, used.queue.keys.reading)).toBe(0)
  })

  it('ends at once though it waits for news', async () => {
    ended = intake.run()
    await untilWaiting()
    intake.stop()
    await expect(ended).resolves.toBeUndefined()
  })
})
