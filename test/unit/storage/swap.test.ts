import { describe, expect, it } from 'vitest'
import { inRounds } from '../../../runtime/storage/swap.ts'

describe('inRounds', () => {
  it('repeats a round until no other writer is faster', async () => {
    const replies = [undefined, undefined, false]
    expect(await inRounds('it', () => Promise.resolve(replies.shift()))).toBe(false)
    expect(replies).toEqual([])
  })

  it('gives up after 50 rounds, and names the object', async () => {
    let rounds = 0
    const round = () => {
      rounds++
      return Promise.resolve(undefined)
    }
    await expect(inRounds('the limits of "cut"', round)).rejects.toThrow(
      'the limits of "cut": changed by others 50 times in a row',
    )
    expect(rounds).toBe(50)
  })
})
