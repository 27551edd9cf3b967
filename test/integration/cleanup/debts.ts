/** Debts that cannot be paid, beside those that can. @module */
import { expect, it } from 'vitest'
import { filesDebt, resultsDebt } from '../../../runtime/queue/debts.ts'
import { redisNowMs } from '../../../runtime/queue/redis.ts'
import { allDebts, dueDebts } from '../../helpers/debts.ts'
import { cleanUpWith, eat, isThere, mirror, result, upload, used } from './used.ts'

it('leaves what is owed of a function that it does not know to a worker that does', async () => {
  const { left, of } = await result()
  await used.queue.owe(resultsDebt(of, 'e1'), 0)
  await cleanUpWith([eat])()
  expect(await left()).toHaveLength(2)
  // At once, and not only when it is tried again.
  await cleanUpWith([mirror])()
  expect(await left()).toEqual(['~A1/file.txt'])
})

it('leaves the source that a function it does not know wants to have removed to a worker that does', async () => {
  await upload('incoming', ['eat'], ['eat'])
  await cleanUpWith([mirror])()
  expect(await isThere()).toBe(true)
  await cleanUpWith([eat])()
  expect(await isThere()).toBe(false)
})

it('pays what it can behind more than it reads at once of what it cannot', async () => {
  const { left, of } = await result()
  for (let n = 0; n < 100; n++)
    await used.queue.owe(resultsDebt({ ...of, functionName: 'elsewhere' }, `e${n}`), -1_000)
  await used.queue.owe(resultsDebt(of, 'own'), 0)
  await cleanUpWith([mirror])()
  expect(await left()).not.toContain('manifest.json')
})

it.each([
  { name: 'is no text of ours', poison: 'poison', isAside: true },
  { name: 'is of another shape', poison: '[7]', isAside: true },
  { name: 'is of a kind that another version knows', poison: '["later","x"]', isAside: false },
])('pays what it can beside a debt that $name', async ({ poison, isAside }) => {
  const { left, of } = await result()
  await used.queue.owe(poison, -1_000)
  await used.queue.owe(resultsDebt(of, 'own'), 0)
  await cleanUpWith([mirror])()
  expect(await left()).not.toContain('manifest.json')
  const { keys } = used.queue
  expect(await used.redis.xlen(keys.aside)).toBe(isAside ? 1 : 0)
  expect((await allDebts(used)).includes(poison)).toBe(!isAside)
})

it('pays what it can beside a debt whose run nobody can read', async () => {
  const { left, of } = await result()
  await used.redis.hset(used.queue.keys.run('broken'), { state: 'succeeded', fn: 'eat', payload: '{' })
  await used.queue.owe(JSON.stringify(['source', 'broken', 0]), -1_000)
  await used.queue.owe(resultsDebt(of, 'own'), 0)
  await cleanUpWith([mirror])()
  expect(await left()).not.toContain('manifest.json')
})

it('sets aside what could not be paid for as long as runs are kept, whatever it is, and at once what can never be', async () => {
  const { of } = await result()
  const { keys } = used.queue
  // Its manifest is there, which is an error of somebody.
  const broken = filesDebt(of, ['A1'], [])
  const gone = resultsDebt({ ...of, functionName: 'gone' }, 'e')
  const later = '["later","x"]'
  await used.redis.hset(used.queue.keys.run('broken'), { state: 'succeeded', fn: 'eat', payload: '{' })
  const unreadable = JSON.stringify(['source', 'broken', 0])
  for (const debt of [broken, gone, later]) {
    await used.redis.hset(keys.debtAttempts, debt, `18 ${(await redisNowMs(used.redis)) - 2_000}`)
    await used.queue.owe(debt, -60_000)
  }
  await used.queue.owe(unreadable, -60_000)
  const cleanUp = cleanUpWith([mirror], used.store.storage, used.queue, 1_000)
  await cleanUp()
  expect((await allDebts(used)).toSorted()).toEqual([broken, gone, later].toSorted())
  for (const debt of [broken, gone, later]) await used.queue.owe(debt, -60_000)
  await cleanUp()
  expect(await allDebts(used)).toEqual([])
  expect(await used.redis.hlen(keys.debtAttempts)).toBe(0)
  const aside = (await used.redis.xrange(keys.aside, '-', '+')).map(([, fields]) => [fields[3], fields[5]])
  expect(Object.fromEntries(aside)).toEqual({
    [unreadable]: expect.stringContaining('cannot be read'),
    [broken]: 'given up after 20 attempts: the manifest of a result that is to be removed is still there',
    [gone]: 'given up after 20 attempts: no process here knows the function "gone"',
    [later]: 'given up after 20 attempts: no process here knows the kind "later"',
  })
})

it('waits longer each time, up to five minutes', async () => {
  const { of } = await result()
  const debt = filesDebt(of, ['A1'], [])
  const waits: number[] = []
  for (const attempts of [0, 1, 5, 30]) {
    await used.redis.hset(used.queue.keys.debtAttempts, debt, `${attempts} ${await redisNowMs(used.redis)}`)
    await used.queue.owe(debt, 0)
    await cleanUpWith([mirror])()
    const dueAtMs = Number(await used.redis.zscore(used.queue.keys.debts, debt))
    waits.push(Math.ceil((dueAtMs - (await redisNowMs(used.redis))) / 1_000))
  }
  expect(waits).toEqual([1, 2, 32, 300])
})

it('makes room for others when nobody comes by who can pay', async () => {
  const { of } = await result()
  const debts = [...Array(100).keys()].map((n) => resultsDebt(of, `e${n}`))
  for (const debt of debts) await used.queue.owe(debt, -120_000)
  const beganMs = await redisNowMs(used.redis)
  await cleanUpWith([eat])()
  expect(await dueDebts(used, beganMs)).toEqual([])
  expect(await used.redis.zcard(used.queue.keys.debts)).toBe(100)
})
