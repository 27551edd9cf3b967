import { describe, expect, it } from 'vitest'
import { GROUP } from '../../runtime/queue/keys.ts'
import { FAILED, FN, newRunOf, useQueue } from '../helpers/queue.ts'

const used = useQueue()

/** Whoever was heard of before this very moment. */
const ANY = -1

async function consumers(): Promise<string[]> {
  const stream = used.queue.keys.stream(FN, 'live')
  const rows = (await used.redis.xinfo('CONSUMERS', stream, GROUP)) as { name: string }[] | string[][]
  return rows.map((row) => (Array.isArray(row) ? (row[1] as string) : row.name)).toSorted()
}

describe('a consumer', () => {
  it('goes when it holds nothing and was not heard of for long', async () => {
    for (const name of ['gone', 'idle']) {
      await used.queue.enqueue(newRunOf(`run-of-${name}`))
      const { claims } = await used.queue.claim(name)
      await used.queue.settle(claims[0]!, { kind: 'complete', result: '' })
    }
    expect(await consumers()).toEqual(['gone', 'idle'])
    expect(await used.queue.retireConsumers(3_600_000, [FN])).toBe(0)
    expect(await consumers()).toEqual(['gone', 'idle'])
    expect(await used.queue.retireConsumers(ANY, [FN, 'never-used'])).toBeGreaterThanOrEqual(2)
    expect(await consumers()).toEqual([])
  })

  it('stays as long as it holds a run, which is taken back from it all the same', async () => {
    await used.queue.enqueue(newRunOf('a'))
    await used.queue.claim('lost')
    await used.queue.retireConsumers(ANY, [FN])
    expect(await consumers()).toEqual(['lost'])
    expect(await used.queue.takeBack(0)).toMatchObject([{ runId: 'a', became: 'requeued' }])
    await used.queue.retireConsumers(ANY, [FN])
    expect(await consumers()).toEqual([])
  })

  it('that was removed claims and settles again', async () => {
    await used.queue.claim('worker')
    await used.queue.retireConsumers(ANY, [FN])
    await used.queue.enqueue(newRunOf('a'))
    const { claims } = await used.queue.claim('worker')
    await used.queue.retireConsumers(ANY, [FN])
    expect(await used.queue.settle(claims[0]!, FAILED)).toBe('retrying')
  })
})

it('nothing is to be retired where nothing was ever claimed', async () => {
  expect(await used.queue.retireConsumers(ANY, [FN])).toBe(0)
})

it('runs in progress are listed with their objects, in every lane and beyond one page', async () => {
  const ids = [...Array(1_200).keys()].map((n) => `run-${n}`)
  await used.queue.enqueue(...ids.map((id, n) => newRunOf(id, { lane: n % 20 ? 'live' : 'low' })))
  expect(await used.queue.running(FN)).toEqual([])
  const { claims } = await used.queue.claim('worker', 1_180)
  const running = await used.queue.running(FN)
  expect(running.map(({ key }) => key).toSorted()).toEqual(
    claims.map(({ payload }) => payload.key).toSorted(),
  )
  expect(running).toHaveLength(1_180)
})
