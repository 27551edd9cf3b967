import { expect, it } from 'vitest'
import { createGateLimits } from '../../../../../runtime/reception/doors/rtmp/gate-limits.ts'

it('has room for so many senders without a key, and for few of one address', () => {
  const limits = createGateLimits(4, 2)
  const leave = limits.enter('192.0.2.7')
  expect(limits.enter('192.0.2.7')).toBeDefined()
  expect(limits.enter('192.0.2.7')).toBeUndefined()
  expect(limits.enter('192.0.2.8')).toBeDefined()
  leave?.()
  leave?.()
  expect(limits.enter('192.0.2.7')).toBeDefined()
  expect(limits.enter('192.0.2.7')).toBeUndefined()
  expect(limits.enter('192.0.2.9')).toBeDefined()
  expect(limits.enter('192.0.2.10')).toBeUndefined()
})

it('does not count the senders of this machine by their address', () => {
  const limits = createGateLimits(3, 1)
  for (const address of ['127.0.0.1', '::ffff:127.0.0.1', '127.0.0.1'])
    expect(limits.enter(address)).toBeDefined()
  expect(limits.enter('127.0.0.1')).toBeUndefined()
})
