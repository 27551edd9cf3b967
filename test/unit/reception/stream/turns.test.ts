import { expect, it } from 'vitest'
import { createTurns } from '../../../../runtime/reception/stream/turns.ts'

it('work under one name is done one after the other, also after a failure, and other names do not wait', async () => {
  const inTurn = createTurns()
  const seen: string[] = []
  let release = (): void => undefined
  const held = new Promise<void>((resolve) => (release = resolve))
  const first = inTurn('a', async () => {
    await held
    seen.push('a1')
    throw new Error('failed')
  })
  const second = inTurn('a', () => Promise.resolve(seen.push('a2')))
  await inTurn('b', () => Promise.resolve(seen.push('b1')))
  release()
  await expect(first).rejects.toThrow('failed')
  await second
  expect(seen).toEqual(['b1', 'a1', 'a2'])
})
