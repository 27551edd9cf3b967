import { describe, expect, it } from 'vitest'
import { createSlots } from '../../../runtime/output/sending.ts'

describe('slots', () => {
  it('run a number at a time, all of them, in order', async () => {
    const slots = createSlots(4)
    const started: number[] = []
    let running = 0
    let most = 0
    await Promise.all(
      [...Array(50).keys()].map((n) =>
        slots.run(async () => {
          started.push(n)
          most = Math.max(most, ++running)
          await new Promise((resolve) => setImmediate(resolve))
          running--
        }),
      ),
    )
    expect(most).toBe(4)
    expect(started).toEqual([...Array(50).keys()])
  })

  it('are free again after a failure', async () => {
    const slots = createSlots(1)
    await expect(slots.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await slots.run(() => Promise.resolve('yes'))).toBe('yes')
  })
})
