import { describe, expect, it } from 'vitest'
import { createLimiter, stepwise } from '../../runtime/limiter.ts'

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

describe('a limiter', () => {
  it('runs one step of each caller after the other, in order of arrival, so that short work ends soon', async () => {
    const limiter = createLimiter(1)
    const log: string[] = []
    const work = [
      ['a', 4],
      ['b', 4],
      ['c', 1],
    ] as const
    const found = await Promise.all(work.map(([name, n]) => all(stepwise(limiter, numbers(name, n, log)))))
    expect(found).toEqual([[1, 2, 3, 4], [1, 2, 3, 4], [1]])
    expect(log).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'b3', 'a4', 'b4'])
  })

  it('runs as many steps at a time as it has places, and frees the place of a step that failed', async () => {
    const limiter = createLimiter(2)
    let [underWay, most] = [0, 0]
    const step = () =>
      limiter.step(async () => {
        most = Math.max(most, ++underWay)
        await new Promise((resolve) => setImmediate(resolve))
        underWay--
        throw new Error('no')
      })
    const outcomes = await Promise.allSettled([step(), step(), step(), step(), step()])
    expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'rejected'))
    expect(most).toBe(2)
  })

  it('closes the source when its reader stops early', async () => {
    let isEnded = false
    async function* endless() {
      try {
        for (;;) yield 1
      } finally {
        isEnded = true
      }
    }
    for await (const _ of stepwise(createLimiter(1), endless())) break
    expect(isEnded).toBe(true)
  })
})
