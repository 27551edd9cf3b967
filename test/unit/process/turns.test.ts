import { expect, it } from 'vitest'
import { createTurns } from '../../../runtime/process/turns.ts'

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

it('continues without a process that keeps the turn for too long', async () => {
  const turns = createTurns(10)
  await turns.take()
  await expect(turns.take()).resolves.toBeDefined()
})
