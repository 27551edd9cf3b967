import { expect, it } from 'vitest'
import { createFailedLogins } from '../../../../runtime/api/login/failed-logins.ts'

it('five failed logins in a minute from one address, and it has to wait until the first is a minute old', () => {
  let nowMs = 0
  const failed = createFailedLogins(() => nowMs)
  for (let count = 1; count <= 5; count++) {
    expect(failed.waitMs('a')).toBe(0)
    failed.note('a')
    nowMs += 1_000
  }
  expect([failed.waitMs('a'), failed.waitMs('b')]).toEqual([55_000, 0])
  nowMs = 60_000
  expect(failed.waitMs('a')).toBe(0)
})

it('an address that continues has to wait longer', () => {
  let nowMs = 0
  const failed = createFailedLogins(() => nowMs)
  for (let count = 0; count < 100; count++) {
    failed.note('a')
    nowMs += 1_000
  }
  expect(failed.waitMs('a')).toBeGreaterThan(50_000)
})

it('a thousand addresses are remembered, and the oldest forgotten', () => {
  const failed = createFailedLogins(() => 0)
  const fail = (address: string) => Array.from({ length: 5 }, () => failed.note(address))
  fail('first')
  for (let count = 0; count < 999; count++) failed.note(`address ${count}`)
  expect(failed.waitMs('first')).toBeGreaterThan(0)
  failed.note('one more')
  expect(failed.waitMs('first')).toBe(0)
})
