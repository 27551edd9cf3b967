/** The turns of a real worker on a real queue: how many are under way, what they ask for, and when none is needed. */
import { afterEach, describe, expect, it } from 'vitest'
import { defineFunction } from '../../runtime/function/definition.ts'
import { NO_LIMITS } from '../../runtime/queue/limits.ts'
import { createRedisContact } from '../../runtime/queue/redis-contact.ts'
import type { TurnReply, TurnRequest } from '../../runtime/queue/turn.ts'
import type { Outcome } from '../../runtime/worker/attempt/outcome.ts'
import { createInFlight } from '../../runtime/worker/in-flight.ts'
import { createWorker, type Worker } from '../../runtime/worker/worker.ts'
import { createMetrics } from '../../runtime/telemetry/metrics.ts'
import { FN, newRunOf, useQueue } from '../helpers/queue.ts'
import { silentLog } from '../helpers/source.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useQueue()
const LEASE_MS = 30_000
const DONE: Outcome = { kind: 'succeeded', result: '{}' }

interface Sent {
  readonly request: TurnRequest
  /** Lets the worker see the reply; before, Redis has it only. */
  readonly answer: () => void
  readonly answered: Promise<TurnReply>
}

let started: { readonly worker: Worker; readonly stopped: Promise<void> } | undefined

const gates: { readonly open: () => void }[] = []

afterEach(async () => {
  for (const each of gates.splice(0)) each.open()
  started?.worker.drain(0)
  await started?.stopped
  started = undefined
})

/** A worker whose turns reach Redis at once, while `isHeld` says that replies are on their way until the test lets them go. */
function startWorker(
  concurrency: number,
  act: (runId: string) => Promise<Outcome> = () => Promise.resolve(DONE),
) {
  const definition = defineFunction(
    { name: FN, version: '1', on: { bucket: 'incoming' }, concurrency },
    (c) => c.json({}),
  )
  const sent: Sent[] = []
  const world = { isHeld: false, inHand: 0, most: 0 }
  const inFlight = createInFlight(LEASE_MS)
  const worker = createWorker({
    queue: {
      ...used.queue,
      async turn(request) {
        let answer = () => {}
        const isLetGo = new Promise<void>((resolve) => (answer = resolve))
        const answered = used.queue.turn(request)
        if (!world.isHeld) answer()
        sent.push({ request, answer, answered })
        await isLetGo
        return answered
      },
    },
    consumer: 'w',
    functions: [definition],
    allFunctions: [definition],
    limits: () => new Map([[FN, NO_LIMITS]]),
    inFlight,
    contact: createRedisContact(LEASE_MS),
    async attempt({ claim }) {
      world.most = Math.max(world.most, ++world.inHand)
      const outcome = await act(claim.runId)
      world.inHand--
      return outcome
    },
    onEndedWithoutResult: () => undefined,
    metrics: createMetrics(),
    log: silentLog,
  })
  started = { worker, stopped: worker.run() }
  gates.push({
    open: () => {
      world.isHeld = false
      for (const { answer } of sent) answer()
    },
  })
  return { worker, sent, world, inFlight, stopped: started.stopped }
}

const runs = (count: number) => Array.from({ length: count }, (_, at) => newRunOf(`r${at}`))
const succeeded = async (count: number) => {
  const states = await Promise.all(runs(count).map(({ runId }) => used.queue.run(runId)))
  return states.filter((run) => run?.state === 'succeeded').length
}

const until = (what: string, condition: () => boolean | Promise<boolean>, timeoutMs = 10_000) =>
  waitFor(() => Promise.resolve(condition()), { timeoutMs, what, intervalMs: 2 })

/** Attempts that the test ends. */
function gate() {
  const ends = new Map<string, () => void>()
  const it = {
    isOpen: false,
    ends,
    act: (runId: string) =>
      it.isOpen
        ? Promise.resolve(DONE)
        : new Promise<Outcome>((resolve) => ends.set(runId, () => resolve(DONE))),
    end: (count: number) => {
      for (const [runId, end] of [...ends].slice(0, count)) {
        ends.delete(runId)
        end()
      }
    },
    open: () => {
      it.isOpen = true
      it.end(ends.size)
    },
  }
  gates.push(it)
  return it
}

describe('two turns under way', () => {
  it('have a slot each, ask together for no more than the function may have, and count each other', async () => {
    const { ends, act, end, open } = gate()
    await used.queue.enqueue(...runs(40))
    const { sent, world, inFlight } = startWorker(20, act)
    await until('every slot to be filled', () => ends.size === 20)
    world.isHeld = true
    const before = sent.length
    end(1)
    await until('the first turn', () => sent.length === before + 1)
    end(7)
    await until('attempts to end', () => inFlight.size === 12)
    await used.redis.ping()
    expect(sent).toHaveLength(before + 1)
    end(1)
    await until('the second turn', () => sent.length === before + 2)
    end(9)
    await until('more attempts to end', () => inFlight.size === 2)
    await used.redis.ping()
    expect(sent).toHaveLength(before + 2)
    const [first, second] = sent.slice(before) as [Sent, Sent]
    const facts = [first, second].map(({ request: { settlements, wants, inFlight: counted } }) => ({
      settled: settlements.length,
      free: wants[0]?.free,
      counted,
    }))
    expect(facts).toEqual([
      { settled: 1, free: 1, counted: 19 },
      { settled: 8, free: 8, counted: 12 },
    ])
    // Either may be sent again.
    for (const { request, answered } of [first, second]) {
      const again = await used.queue.turn(request)
      expect(again.claims.map(({ runId }) => runId)).toEqual(
        (await answered).claims.map(({ runId }) => runId),
      )
    }
    world.isHeld = false
    second.answer()
    await until('all slots but the one of the first turn', () => inFlight.size === 19)
    first.answer()
    await until('every slot to be filled again', () => inFlight.size === 20)
    expect(world.most).toBe(20)
    open()
    await until('all to be settled', async () => (await succeeded(40)) === 40)
  })

  it('are both waited for by a worker that drains', async () => {
    const { ends, act, end } = gate()
    await used.queue.enqueue(...runs(20))
    const { sent, world, worker, stopped } = startWorker(20, act)
    await until('every slot to be filled', () => ends.size === 20)
    world.isHeld = true
    const before = sent.length
    end(1)
    await until('the first turn', () => sent.length === before + 1)
    end(19)
    await until('the second turn', () => sent.length === before + 2)
    const [first, second] = sent.slice(before) as [Sent, Sent]
    let isStopped = false
    void stopped.then(() => (isStopped = true))
    worker.drain(60_000)
    world.isHeld = false
    second.answer()
    await until('the second turn, and what was left of it', async () => (await succeeded(20)) === 20)
    await used.redis.ping()
    expect(isStopped).toBe(false)
    first.answer()
    await stopped
  })

  it('settle and claim all there is, each once', async () => {
    await used.queue.enqueue(...runs(300))
    const begun: string[] = []
    const { world, sent } = startWorker(50, async (runId) => {
      begun.push(runId)
      await used.redis.ping()
      return DONE
    })
    await until('all to be settled', async () => begun.length >= 300 && (await succeeded(300)) === 300)
    expect([new Set(begun).size, begun.length]).toEqual([300, 300])
    expect(world.most).toBeLessThanOrEqual(50)
    expect(new Set(sent.map(({ request }) => request.slot))).toEqual(new Set([0, 1]))
  })
})

describe('a worker that got less than it has slots for', () => {
  it('does not ask again beside its first attempt, but when it is woken', async () => {
    const { ends, act } = gate()
    await used.queue.enqueue(newRunOf('r0'))
    const { sent, worker } = startWorker(4, act)
    await until('the attempt', () => ends.size === 1)
    const before = sent.length
    await used.queue.enqueue(newRunOf('r1'))
    await used.redis.ping()
    expect(sent).toHaveLength(before)
    worker.wake()
    await until('the second attempt', () => ends.size === 2)
  })

  it('looks all the same after a second, since words are lost with a connection', async () => {
    const { ends, act } = gate()
    await used.queue.enqueue(newRunOf('r0'))
    const { sent } = startWorker(4, act)
    await until('the attempt', () => ends.size === 1)
    await used.queue.enqueue(newRunOf('r1'))
    await until('the second attempt', () => ends.size === 2)
    expect(sent.at(-1)?.request).toMatchObject({ settlements: [], wants: [{ free: 3 }] })
  })
})
