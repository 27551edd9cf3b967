import { spawn, type ChildProcess } from 'node:child_process'
import { afterEach, describe, expect, it } from 'vitest'
import { defineFunction } from '../../../runtime/function/definition.ts'
import type { Claim } from '../../../runtime/queue/run.ts'
import { createInFlight } from '../../../runtime/worker/in-flight.ts'
import {
  childrenInGroup,
  createChildListener,
  createChildWatch,
  parseStat,
  ticksSince,
  type ProcessFacts,
} from '../../../runtime/worker/working-children.ts'
import { waitFor } from '../../helpers/wait.ts'

const BUSY = 'const end = Date.now() + 60_000; while (Date.now() < end);'
const IDLE = 'setTimeout(() => {}, 60_000)'
const started: ChildProcess[] = []

function start(script: string, options: { detached?: boolean } = {}): void {
  started.push(spawn(process.execPath, ['-e', script], { stdio: 'ignore', ...options }))
}

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

it('reads a process whose name looks like fields', () => {
  const line = '42 (a) R 7 (x y)) S 17 16 15 0 -1 4194304 1 2 3 4 100 20 3 1 20 0 1 0 12345 9 9'
  expect(parseStat(line)).toEqual({ pid: 42, parentPid: 17, groupId: 16, cpuTicks: 124 })
})

it('finds children and theirs, but for those in a process group of their own', () => {
  const of = (pid: number, parentPid: number, groupId: number): ProcessFacts => ({
    pid,
    parentPid,
    groupId,
    cpuTicks: 0,
  })
  const all = [of(1, 0, 1), of(10, 1, 10), of(11, 10, 10), of(12, 11, 10), of(13, 10, 13), of(14, 13, 10)]
  expect(childrenInGroup(all, 10).map(({ pid }) => pid)).toEqual([11, 12])
})

it('counts all that a process has used which was not there before, and nothing for one that is gone', () => {
  const child = (pid: number, cpuTicks: number) => ({ pid, parentPid: 1, groupId: 1, cpuTicks })
  expect(
    ticksSince(
      new Map([
        [2, 50],
        [3, 70],
      ]),
      [child(2, 53), child(4, 6)],
    ),
  ).toBe(9)
})

describe.runIf(process.platform === 'linux')('a look at the children', { timeout: 90_000 }, () => {
  it('finds that one works', async () => {
    const look = createChildWatch()
    start(BUSY)
    expect(await waitFor(look, { timeoutMs: 60_000, what: 'a working child' })).toBe(true)
  })

  it.each([
    { who: 'one that only waits', script: IDLE, detached: false },
    { who: 'one that works in a process group of its own', script: BUSY, detached: true },
  ])('finds nothing of $who', async ({ script, detached }) => {
    start(script, { detached })
    const look = createChildWatch()
    let quiet = 0
    // Starting takes CPU time of its own, so it is not quiet from the first look on.
    const isQuiet = waitFor(async () => (quiet = (await look()) ? 0 : quiet + 1) > 3, {
      timeoutMs: 60_000,
      intervalMs: 100,
      what: 'four looks in a row that find no work',
    })
    expect(await isQuiet).toBe(true)
  })
})

const waiting = defineFunction(
  { name: 'waiting', version: '1', on: { bucket: 'incoming' }, stallTimeout: '60s' },
  (c) => c.json({}),
)

/** An attempt that says nothing for ten minutes, on a clock that the test turns. */
async function silentFor600s(hasWorked: () => boolean) {
  const clock = { ms: 0 }
  let looks = 0
  const inFlight = createInFlight(30_000, () => clock.ms)
  const attempt = inFlight.add({ runId: 'a', lane: 'live' } as Claim, waiting)
  const haveChildrenWorked = () => {
    looks++
    return Promise.resolve(hasWorked())
  }
  const listen = createChildListener(inFlight, haveChildrenWorked, () => clock.ms)
  for (; clock.ms < 600_000; clock.ms += 250) {
    inFlight.renewed(attempt, clock.ms)
    await listen()
    inFlight.watch()
  }
  return { reason: attempt.signal.reason as Error | undefined, looks }
}

it('keeps an attempt alive whose tool works', async () => {
  expect((await silentFor600s(() => true)).reason).toBeUndefined()
})

it('lets an attempt stall whose tools do nothing', async () => {
  expect((await silentFor600s(() => false)).reason).toMatchObject({ why: 'stalled' })
})

it('looks at nothing before half of the silence has passed, and then once a second', async () => {
  expect((await silentFor600s(() => false)).looks).toBeLessThanOrEqual(31)
})
