import { describe, expect, it } from 'vitest'
import { createTurns, inTurn } from '../../../../runtime/api/http/turns.ts'

async function* numbers(name: string, count: number, log: string[]) {
  for (let number = 1; number <= count; number++) {
    await Promise.resolve()
    log.push(`${name}${number}`)
    yield number
  }
}

async function all(items: AsyncIterable<number>): Promise<number[]> {
  const found: number[] = []
  for await (const item of items) found.push(item)
  return found
}

describe('work in turns', () => {
  it('does a step of each, first come, first served, so that short work is soon done', async () => {
    const turns = createTurns(1)
    const log: string[] = []
    const work = [
      ['a', 4],
      ['b', 4],
      ['c', 1],
    ] as const
    const found = await Promise.all(work.map(([name, n]) => all(inTurn(turns, numbers(name, n, log)))))
    expect(found).toEqual([[1, 2, 3, 4], [1, 2, 3, 4], [1]])
    expect(log).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'b3', 'a4', 'b4'])
  })

  it('does as many steps at a time as there are places, and gives the place of a failed step on', async () => {
    const turns = createTurns(2)
    let [underWay, most] = [0, 0]
    const step = () =>
      turns.step(async () => {
        most = Math.max(most, ++underWay)
        await new Promise((resolve) => setImmediate(resolve))
        underWay--
        throw new Error('no')
      })
    const outcomes = await Promise.allSettled([step(), step(), step(), step(), step()])
    expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'rejected'))
    expect(most).toBe(2)
  })

  it('ends what is left early', async () => {
    let isEnded = false
    async function* endless() {
      try {
        for (;;) yield 1
      } finally {
        isEnded = true
      }
    }
    for await (const _ of inTurn(createTurns(1), endless())) break
    expect(isEnded).toBe(true)
  })
})
