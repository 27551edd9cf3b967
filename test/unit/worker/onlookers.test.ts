import { beforeEach, describe, expect, it } from 'vitest'
import { defineFunction } from '../../../runtime/function/definition.ts'
import type { Telling } from '../../../runtime/queue/changes.ts'
import type { Beat, Queue } from '../../../runtime/queue/queue.ts'
import { createRedisContact } from '../../../runtime/queue/redis-contact.ts'
import type { Claim } from '../../../runtime/queue/run.ts'
import { createInFlight, type InFlight } from '../../../runtime/worker/in-flight.ts'
import { serveOnlookers } from '../../../runtime/worker/onlookers.ts'

const cut = defineFunction({ name: 'cut', version: '1', on: { bucket: 'incoming' } }, (c) => c.json({}))
let nowMs: number
let inFlight: InFlight
let listenedTo: readonly string[] | undefined
let asked: (readonly string[])[]
let beats: Beat[]
let told: string[]
beforeEach(() => {
  nowMs = 0
  inFlight = createInFlight(30_000, () => nowMs)
  listenedTo = undefined
  asked = []
  beats = []
  told = []
})

const add = (runId: string) => inFlight.add({ runId, lane: 'live', fence: '1', token: 't' } as Claim, cut)
const telling: Telling = {
  listened(runIds) {
    asked.push(runIds)
    const runs = new Set(runIds.filter((runId) => listenedTo?.includes(runId)))
    return Promise.resolve({ isAny: listenedTo !== undefined, runs })
  },
  tellLines(runId, lines) {
    told.push(`${runId}: ${lines.join()}`)
    return Promise.resolve()
  },
}
const queue = {
  heartbeat(_: string, sent: readonly Beat[]) {
    beats.push(...sent)
    return Promise.resolve(sent.map(() => 'ok' as const))
  },
} as unknown as Queue
const look = () =>
  serveOnlookers({ queue, telling, consumer: 'w', inFlight, contact: createRedisContact(30_000) })

describe('a worker whose attempts somebody may look at', () => {
  it('asks nothing while it has no attempt, or only young ones', async () => {
    await look()
    add('a')
    nowMs = 1_000
    await look()
    expect(asked).toEqual([])
    nowMs = 1_001
    await look()
    expect(asked).toEqual([['a']])
  })

  it('stores progress and tells lines of nothing that nobody looks at', async () => {
    const attempt = add('a')
    attempt.progress = { percent: 1 }
    attempt.lines.add('frame=1')
    nowMs = 2_000
    await look()
    expect([beats, told]).toEqual([[], []])
  })

  it('stores progress once when it has moved, and tells lines to those who listen to the run', async () => {
    const [a, b] = [add('a'), add('b')]
    listenedTo = ['b']
    nowMs = 2_000
    a.progress = { percent: 1 }
    a.lines.add('nobody listens')
    b.lines.add('frame=1')
    await look()
    await look()
    expect(beats).toEqual([{ runId: 'a', fence: '1', token: 't', progress: '{"percent":1}' }])
    expect(told).toEqual(['b: frame=1'])
    a.progress = { percent: 2 }
    await look()
    expect(beats).toHaveLength(2)
  })
})

it('an attempt is found by the signal that it has made', () => {
  const [a, b] = [add('a'), add('b')]
  expect(inFlight.findBySignal(b.signal)).toBe(b)
  expect(inFlight.findBySignal(a.signal)).toBe(a)
  expect(inFlight.findBySignal(new AbortController().signal)).toBeUndefined()
})
