import { describe, expect, it } from 'vitest'
import { concernMs, judgeSilence, type Silence } from '../../../runtime/process/silence.ts'
import { MINUTE_MS, SECOND_MS } from '../../../runtime/time.ts'

const looping = (seconds: number, cpuSeconds: number): Silence => ({
  isReady: true,
  forMs: seconds * SECOND_MS,
  process: { cpuMs: cpuSeconds * SECOND_MS, stillMs: 0, activity: 'runnable' },
})
const asleep = (seconds: number, stillSeconds: number): Silence => ({
  isReady: true,
  forMs: seconds * SECOND_MS,
  process: { cpuMs: 100, stillMs: stillSeconds * SECOND_MS, activity: 'asleep' },
})
const blind = (seconds: number): Silence => ({ isReady: true, forMs: seconds * SECOND_MS })
const loading = (minutes: number, process?: Silence['process']): Silence => ({
  isReady: false,
  forMs: minutes * MINUTE_MS,
  process,
})

describe('a child that serves', () => {
  it.each([
    { name: 'speaks every two seconds', silence: looping(3, 3), kind: 'fine' },
    { name: 'computes for a while', silence: looping(12, 11), kind: 'held' },
    { name: 'loops: it has used 20 s of CPU', silence: looping(21, 20), kind: 'kill' },
    { name: 'loops beside others that want the CPU', silence: looping(200, 20), kind: 'kill' },
    { name: 'computes beside others that want the CPU', silence: looping(25, 2), kind: 'held' },
    { name: 'gets little CPU', silence: looping(25, 1), kind: 'starved' },
    { name: 'gets none at all and wants some', silence: looping(100, 0), kind: 'starved' },
    { name: 'starves for so long that others may have its runs', silence: looping(150, 1), kind: 'fine' },
    { name: 'starves for ten minutes', silence: looping(600, 1), kind: 'kill' },
    { name: 'waits in a blocking call', silence: asleep(12, 11), kind: 'held' },
    { name: 'waits in a blocking call for 20 s, or was stopped', silence: asleep(21, 20), kind: 'kill' },
    {
      name: 'sleeps between pieces of work that it gets little CPU for',
      silence: asleep(30, 2),
      kind: 'starved',
    },
    { name: 'is silent where nothing else is known of it', silence: blind(30), kind: 'held' },
    { name: 'is silent for two minutes where nothing else is known', silence: blind(120), kind: 'kill' },
    {
      name: 'waits for a disk',
      silence: { isReady: true, forMs: 60_000, process: { cpuMs: 0, stillMs: 60_000, activity: 'disk' } },
      kind: 'starved',
    },
  ] as const)('that $name: $kind', ({ silence, kind }) => {
    expect(judgeSilence(silence).kind).toBe(kind)
  })
})

describe('a child that is still loading', () => {
  const starved = { cpuMs: 20 * SECOND_MS, stillMs: 0, activity: 'runnable' } as const
  it.each([
    { name: 'for less than five minutes', silence: loading(4.9), kind: 'fine' },
    { name: 'for five minutes', silence: loading(5), kind: 'kill' },
    {
      name: 'for five minutes, waiting for something',
      silence: loading(5, { ...starved, activity: 'asleep' }),
      kind: 'kill',
    },
    { name: 'for longer, because it gets little CPU', silence: loading(10, starved), kind: 'starved' },
    {
      name: 'for longer, computing all the time',
      silence: loading(5, { ...starved, cpuMs: 5 * MINUTE_MS }),
      kind: 'kill',
    },
    { name: 'for twenty minutes', silence: loading(20, starved), kind: 'kill' },
  ] as const)('$name: $kind', ({ silence, kind }) => {
    expect(judgeSilence(silence).kind).toBe(kind)
  })
})

it('says what the process did, so that its log line and its runs name the blocked event loop', () => {
  expect(judgeSilence(looping(21, 20))).toEqual({
    kind: 'kill',
    why: 'had an event loop that did not turn for 21 s while it used 20 s of CPU',
  })
})

it.each([
  { leaseMs: 30_000, expectedMs: 7_500 },
  { leaseMs: 5_000, expectedMs: 2_000 },
  { leaseMs: 300_000, expectedMs: 10_000 },
])(
  'is concerned before a lease of $leaseMs ms runs out, if words come so often',
  ({ leaseMs, expectedMs }) => {
    expect(concernMs(leaseMs)).toBe(expectedMs)
  },
)
