import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { watchSilence } from '../../../../runtime/reception/doors/silence.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }))
afterEach(() => void vi.useRealTimers())

it('reports a sender that is silent for the time-out, once', () => {
  const onSilent = vi.fn<() => void>()
  const watch = watchSilence({ timeoutMs: 2_000, onSilent })
  vi.advanceTimersByTime(1_750)
  watch.heard()
  vi.advanceTimersByTime(1_750)
  expect(onSilent).not.toHaveBeenCalled()
  vi.advanceTimersByTime(5_000)
  expect(onSilent).toHaveBeenCalledTimes(1)
})

it('does not count time in which the receiver itself does not read', () => {
  const onSilent = vi.fn<() => void>()
  let isOurs = true
  watchSilence({ timeoutMs: 2_000, isOurs: () => isOurs, onSilent })
  vi.advanceTimersByTime(60_000)
  expect(onSilent).not.toHaveBeenCalled()
  isOurs = false
  vi.advanceTimersByTime(1_750)
  expect(onSilent).not.toHaveBeenCalled()
  vi.advanceTimersByTime(500)
  expect(onSilent).toHaveBeenCalledTimes(1)
})

it('is over when it was stopped', () => {
  const onSilent = vi.fn<() => void>()
  watchSilence({ timeoutMs: 1_000, onSilent }).stop()
  vi.advanceTimersByTime(10_000)
  expect(onSilent).not.toHaveBeenCalled()
})
