import { expect, it } from 'vitest'
import { createRedisContact } from '../../../runtime/queue/redis-contact.ts'

it('counts from the start, and again after a silence that is too long', () => {
  let nowMs = 0
  const contact = createRedisContact(5_000, () => nowMs)
  for (; nowMs < 30_000; nowMs += 1_000) contact.touched()
  expect(contact.forMs()).toBe(30_000)
  nowMs = 40_000
  expect(contact.forMs()).toBe(0)
  contact.touched()
  nowMs = 41_000
  contact.touched()
  expect(contact.forMs()).toBe(1_000)
})
