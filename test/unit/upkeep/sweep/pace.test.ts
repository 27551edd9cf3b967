import { expect, it } from 'vitest'
import { paced } from '../../../../runtime/upkeep/sweep/pace.ts'

/** What comes at once, and is worked on for `busyMs` each. */
async function* items(count: number) {
  for (let n = 0; n < count; n++) {
    await Promise.resolve()
    yield n
  }
}

function workFor(ms: number): void {
  const untilMs = performance.now() + ms
  while (performance.now() < untilMs);
}

it('rests after each item for as long as that took', async () => {
  let restedMs = 0
  let endedMs: number | undefined
  for await (const _ of paced(items(3), new AbortController().signal)) {
    if (endedMs !== undefined) restedMs += performance.now() - endedMs
    workFor(40)
    endedMs = performance.now()
  }
  // Two rests of 40 ms each; a timer may come a moment early.
  expect(restedMs).toBeGreaterThanOrEqual(70)
})

it('ends after the item that was the last before the signal, without a rest', async () => {
  const stopping = new AbortController()
  const seen: number[] = []
  for await (const item of paced(items(9), stopping.signal)) {
    seen.push(item)
    if (item === 2) stopping.abort()
  }
  expect(seen).toEqual([0, 1, 2])
})
