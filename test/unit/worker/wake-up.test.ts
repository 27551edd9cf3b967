import { expect, it } from 'vitest'
import { createBell } from '../../../runtime/worker/wake-up.ts'

const LONG_MS = 60_000

it('wakes who waits', async () => {
  const bell = createBell()
  const woken = bell.wait(LONG_MS)
  bell.ring()
  await expect(woken).resolves.toBeUndefined()
})

it('keeps a ring that came before the wait, until it is reset', async () => {
  const bell = createBell()
  bell.ring()
  await bell.wait(LONG_MS)
  bell.reset()
  let isWoken = false
  const woken = bell.wait(LONG_MS).then(() => {
    isWoken = true
  })
  await Promise.resolve()
  expect(isWoken).toBe(false)
  bell.ring()
  await woken
})

it('gives up waiting after the time', async () => {
  await expect(createBell().wait(1)).resolves.toBeUndefined()
})
