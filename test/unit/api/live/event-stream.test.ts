import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createEventStream } from '../../../../runtime/api/live/event-stream.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('is what EventSource reads, and ends', async () => {
  const onEnd = vi.fn<() => void>()
  const { response, send, end } = createEventStream(onEnd)
  send({ name: 'change', id: '7', data: { text: 'a\nb' } })
  send({ name: 'log', data: {} })
  end()
  end()
  send({ name: 'late', data: {} })
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
  expect(await response.text()).toBe(
    'retry: 2000\n\nevent: change\nid: 7\ndata: {"text":"a\\nb"}\n\nevent: log\ndata: {}\n\n',
  )
  expect(onEnd).toHaveBeenCalledTimes(1)
})

it('says something each 20 s, and lets its reader come back after a while', async () => {
  const { response } = createEventStream(() => undefined)
  await vi.advanceTimersByTimeAsync(41_000)
  const reader = response.body!.getReader()
  const read = async () => new TextDecoder().decode((await reader.read()).value)
  expect([await read(), await read(), await read()]).toEqual(['retry: 2000\n\n', ':\n\n', ':\n\n'])
  await vi.advanceTimersByTimeAsync(15 * 60_000)
  let parts = 0
  while (!(await reader.read()).done) parts++
  expect(parts).toBeGreaterThan(10)
  expect(vi.getTimerCount()).toBe(0)
})

it('ends when its reader goes, and when it does not read', async () => {
  const onEnd = vi.fn<() => void>()
  await createEventStream(onEnd).response.body!.cancel()
  expect(onEnd).toHaveBeenCalledTimes(1)
  const { send } = createEventStream(onEnd)
  for (let sent = 0; sent < 70; sent++) send({ name: 'change', data: 'x'.repeat(1_024) })
  expect(onEnd).toHaveBeenCalledTimes(2)
  expect(vi.getTimerCount()).toBe(0)
})
