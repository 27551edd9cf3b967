/** P6: handlers that throw, exit, hang, loop and leak cost one dead letter each; what is beside them is done. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { watchFault } from '../fault/faults.ts'
import { useStack } from '../helpers/runs.ts'
import { sleep } from '../../runtime/time.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useStack({
  SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, 'poison-functions.ts'),
  SLUICE_WORKERS: '2',
  SLUICE_LEASE: '2s',
  // So that a leak is one soon.
  NODE_OPTIONS: '--max-old-space-size=160',
})

const neighbours: string[] = []
const ending = new AbortController()
let told: () => Promise<void>

beforeAll(async () => {
  told = await watchFault(used.stack, 'handler takes its worker down')
  for (const { name } of POISON) await used.runs.put(`${name}/a.txt`, 'x')
  // All the while others are uploaded.
  void (async () => {
    while (!ending.signal.aborted) {
      const key = `echo/${neighbours.length}.txt`
      await used.runs.put(key, key)
      neighbours.push(key)
      await sleep(1_000, ending.signal)
    }
  })()
})
afterAll(() => ending.abort())

const POISON = [
  { name: 'throws', end: { reason: 'exhausted', attempts: 2, crashes: 0 }, says: /it does not work/ },
  { name: 'recurses', end: { reason: 'exhausted', attempts: 2, crashes: 0 }, says: /call stack/i },
  { name: 'hangs', end: { reason: 'exhausted', attempts: 2, crashes: 0 }, says: /longer than 2 s/ },
  { name: 'exits', end: { reason: 'crash-loop', crashes: 3 }, says: /took its worker down/ },
  { name: 'aborts', end: { reason: 'crash-loop', crashes: 3 }, says: /took its worker down/ },
  // Short of memory, it collects garbage for seconds before it dies: on a busy machine it may be ended for that before.
  {
    name: 'leaks',
    end: { reason: expect.stringMatching(/^(crash-loop|exhausted)$/) as string },
    says: /took its worker down|blocked the event loop/,
  },
  { name: 'throws-later', end: { reason: 'crash-loop', crashes: 3 }, says: /took its worker down/ },
  { name: 'loops', end: { reason: 'crash-loop', crashes: 3 }, says: /took its worker down/ },
]

describe('a handler that', () => {
  it.each(POISON)('$name ends in one dead letter that says so', async ({ name, end, says }) => {
    const run = await used.runs.reached(`${name}/a.txt`, 'dead', 600_000)
    expect(run).toMatchObject(end)
    expect(run.error).toMatch(says)
    expect(await used.runs.of(`${name}/a.txt`)).toHaveLength(1)
    const verdict = await waitFor(() => used.runs.verdict(name, `${name}/a.txt`), {
      timeoutMs: 30_000,
      what: 'its verdict',
    })
    expect(verdict).toMatchObject({ state: 'dead', run: run.runId })
  })

  it('forgets a promise that fails has succeeded all the same', async () => {
    await used.runs.put('rejects/a.txt', 'x')
    expect(await used.runs.reached('rejects/a.txt', 'succeeded', 60_000)).toMatchObject({
      attempts: 0,
      crashes: 0,
    })
  })
})

describe('beside all of them', () => {
  it('every other upload is done, and none of them counts a failure or a crash', async () => {
    ending.abort()
    expect(neighbours.length).toBeGreaterThan(20)
    for (const key of neighbours) {
      expect(await used.runs.reached(key, 'succeeded', 60_000)).toMatchObject({ attempts: 0, crashes: 0 })
      await used.runs.assertThere('echo', key)
    }
    await told()
  })
})
