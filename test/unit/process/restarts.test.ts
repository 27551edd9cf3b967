import { expect, it } from 'vitest'
import { createTurns, nextBackoffMs } from '../../../runtime/process/restarts.ts'

it.each([
  { name: 'starts short', backoffMs: undefined, servedMs: undefined, expectedMs: 500 },
  { name: 'doubles for a process that cannot start', backoffMs: 500, servedMs: undefined, expectedMs: 1_000 },
  { name: 'ends at 30 s', backoffMs: 20_000, servedMs: undefined, expectedMs: 30_000 },
  { name: 'stays short for one that served for a moment', backoffMs: 2_000, servedMs: 10, expectedMs: 2_000 },
  { name: 'starts over for one that served', backoffMs: 30_000, servedMs: 2_001, expectedMs: 500 },
])('$name', ({ backoffMs, servedMs, expectedMs }) => {
  expect(nextBackoffMs({ backoffMs, servedMs })).toBe(expectedMs)
})

it('gives the turn to one after another, in order', async () => {
  const turns = createTurns()
  const order: string[] = []
  const first = await turns.take()
  const others = ['second', 'third'].map(async (name) => {
    const turn = await turns.take()
    order.push(name)
    turn.end()
  })
  order.push('first')
  first.end()
  first.end()
  await Promise.all(others)
  expect(order).toEqual(['first', 'second', 'third'])
})

it('continues without one that keeps its turn for too long', async () => {
  const turns = createTurns(10)
  await turns.take()
  await expect(turns.take()).resolves.toBeDefined()
})
