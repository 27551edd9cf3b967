import { expect, it } from 'vitest'
import { createWakeUp } from '../../../runtime/worker/wake-up.ts'

const LONG_MS = 60_000

it('ends a wait', async () => {
  const wakeUp = createWakeUp()
  const woken = wakeUp.wait(LONG_MS)
  wakeUp.wake()
  await expect(woken).resolves.toBe(true)
})

it('keeps a wake-up that came before the wait, until it is reset', async () => {
  const wakeUp = createWakeUp()
  wakeUp.wake()
  await wakeUp.wait(LONG_MS)
  wakeUp.reset()
  let isWoken = false
  const woken = wakeUp.wait(LONG_MS).then(() => {
    isWoken = true
  })
  await Promise.resolve()
  expect(isWoken).toBe(false)
  wakeUp.wake()
  await woken
})

it('gives up waiting after the time', async () => {
  await expect(createWakeUp().wait(1)).resolves.toBe(false)
})
