import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { defineFunction } from '../../../../runtime/function/definition.ts'
import { createGateway } from '../../../../runtime/worker/attempt/gateway.ts'
import { invoke, type Invocation } from '../../../../runtime/worker/attempt/invoke.ts'
import { AttemptAborted } from '../../../../runtime/worker/attempt/outcome.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A call of a handler that is aborted at once. */
function aborted(handler: Parameters<typeof defineFunction>[1]) {
  const leftBehind: Promise<unknown>[] = []
  const asked = new AbortController()
  const definition = defineFunction({ name: 'cut', version: '1', on: { bucket: 'incoming' } }, handler)
  const outcome = invoke(createGateway([definition]), {
    functionName: 'cut',
    event: { bucket: 'incoming', key: 'a.mp4' },
    eventTime: '2026-11-30T00:00:00.000Z',
    variables: { run: { id: 'a' }, signal: asked.signal },
    onLeftBehind: (ended: Promise<unknown>) => leftBehind.push(ended),
  } as unknown as Invocation)
  asked.abort(new AttemptAborted('timeout', 'the attempt took too long'))
  return { outcome, leftBehind }
}

it('leaves a handler behind that ignores its signal, and says so to who counts them', async () => {
  let end: (response: Response) => void = () => undefined
  const { outcome, leftBehind } = aborted(() => new Promise<Response>((resolve) => (end = resolve)))
  await vi.advanceTimersByTimeAsync(10_000)
  expect(await outcome).toMatchObject({ error: 'the attempt took too long, and the handler did not stop' })
  expect(leftBehind).toHaveLength(1)
  end(new Response('done after all'))
  await expect(leftBehind[0]).resolves.toMatchObject({ kind: 'succeeded' })
})

it('leaves none behind that heeds it', async () => {
  const { outcome, leftBehind } = aborted(() => Promise.reject(new Error('aborted')))
  expect(await outcome).toMatchObject({ kind: 'retry', error: 'the attempt took too long' })
  expect(leftBehind).toEqual([])
})
