import { expect, it } from 'vitest'
import { createRecentKinds } from '../../../runtime/console/recent-kinds.ts'

const PAGE = { items: [], looked: 3, nextCursor: null }

function createReader() {
  const now = { ms: 0, count: 3, reads: 0, fails: false }
  const recent = createRecentKinds(
    {
      deadCount: () => Promise.resolve(now.count),
      kinds() {
        now.reads++
        return now.fails ? Promise.reject(new Error('away')) : Promise.resolve(PAGE)
      },
    },
    () => now.ms,
  )
  return { now, read: (prefix = '') => recent({ prefix }, { limit: 1_000 }) }
}

it('pages that look at the same time read the dead letters once', async () => {
  const { now, read } = createReader()
  expect(await Promise.all([read(), read(), read()])).toEqual([PAGE, PAGE, PAGE])
  expect(now.reads).toBe(1)
  await read('other')
  expect(now.reads).toBe(2)
})

it('they are read again when there are more or fewer, and after five seconds', async () => {
  const { now, read } = createReader()
  await read()
  now.ms = 4_999
  await read()
  expect(now.reads).toBe(1)
  now.count = 2
  await read()
  expect(now.reads).toBe(2)
  now.ms += 5_000
  await read()
  expect(now.reads).toBe(3)
})

it('a failure is not kept', async () => {
  const { now, read } = createReader()
  now.fails = true
  await expect(read()).rejects.toThrow('away')
  now.fails = false
  expect(await read()).toEqual(PAGE)
})
