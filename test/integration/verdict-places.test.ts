/** Commits look for an older verdict only where one is known: on a real Redis and MinIO, in every order of the steps. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { ulid } from 'ulid'
import { beforeEach, describe, expect, it } from 'vitest'
import { defineFunction } from '../../runtime/function/definition.ts'
import { createAttemptFolder } from '../../runtime/output/attempt-folder.ts'
import { commit } from '../../runtime/output/commit.ts'
import { readCurrent } from '../../runtime/output/manifest.ts'
import { placeOf, type ResultPlace } from '../../runtime/output/layout.ts'
import { parseDebt } from '../../runtime/queue/debts.ts'
import { verdictPlaceId } from '../../runtime/queue/keys.ts'
import type { Queue } from '../../runtime/queue/queue.ts'
import type { Claim, RunRecord } from '../../runtime/queue/run.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { createLogger } from '../../runtime/telemetry/logger.ts'
import { createDebtCollector, type Payers } from '../../runtime/upkeep/debts.ts'
import { createVerdictPlacesChore } from '../../runtime/upkeep/verdict-places.ts'
import { createVerdictPayer } from '../../runtime/upkeep/verdicts.ts'
import { createMetrics } from '../../runtime/telemetry/metrics.ts'
import { createRedisContact } from '../../runtime/queue/redis-contact.ts'
import { createInFlight } from '../../runtime/worker/in-flight.ts'
import { createWorker } from '../../runtime/worker/worker.ts'
import { createFence, leaveOrLook } from '../../runtime/worker/attempt/older-verdict.ts'
import { readVerdict } from '../../runtime/output/verdict.ts'
import { allDebts, makeDue } from '../helpers/debts.ts'
import { manifestOf } from '../helpers/manifest.ts'
import { BURIED, FN, newRunOf, useQueue, type TestQueue } from '../helpers/queue.ts'
import { random } from '../helpers/seed.ts'
import { useStore } from '../helpers/store.ts'
import { waitFor } from '../helpers/wait.ts'
import { gated, interleave, type Actor } from './verdict-places/interleave.ts'

const used = useQueue()
const store = useStore({ versioned: ['incoming', 'processed', 'metadata'] })
const log = createLogger({ level: 'silent', format: 'json' })
const cut = defineFunction({ name: FN, version: '1', on: { bucket: 'incoming' } }, () => new Response())
const functions = [cut]

let queue: TestQueue
let key: string
let place: ResultPlace

beforeEach(() => void begin())

function begin(): ResultPlace {
  queue = used.queue
  key = `${randomUUID()}.mp4`
  return (place = placeOf(cut, { bucket: 'incoming', key }))
}

/** The run of one upload of the object, claimed: later seconds are newer uploads. */
async function claimed(second: number): Promise<Claim> {
  const runId = randomUUID().replaceAll('-', '')
  const { payload } = newRunOf(runId)
  const mine = { ...payload, key, generation: `g${second}`, lastModifiedMs: second * 1_000 }
  await queue.enqueue(newRunOf(runId, { payload: mine, objectId: key }))
  const { claims } = await queue.claim('w')
  return claims[0] as Claim
}

function identityOf({ runId, epoch, payload }: Claim) {
  const lastModified = new Date(payload.lastModifiedMs).toISOString()
  const { generation, etag, sizeBytes } = payload
  const source = { key, generation, etag, sizeBytes, lastModified }
  return manifestOf({ run: runId, epoch, attempt: ulid(), function: FN, source })
}

/** Commits as a worker does, and settles; the state that follows. */
async function succeed(
  claim: Claim,
  over: { readonly queue?: Queue; readonly storage?: Storage } = {},
): Promise<string> {
  const { queue: asked = queue, storage = store.storage } = over
  const manifest = identityOf(claim)
  const fence = createFence(asked, claim, place)
  const signal = new AbortController().signal
  const folder = createAttemptFolder(storage, place, manifest.attempt)
  const { kind } = await commit({ storage, place, folder, manifest, holdsFence: fence.holds })
  if (kind !== 'committed') return kind
  const unlooked = await leaveOrLook(asked, manifest, fence.answer, { storage, place, signal, log })
  const { runId, fence: number, token } = claim
  const settlement = { runId, fence: number, token, kind: 'complete', result: '{}' } as const
  const { settled } = await asked.turn({
    consumer: 'w',
    token: randomUUID(),
    inFlight: 0,
    settlements: [{ ...settlement, unlooked: unlooked?.asked }],
    wants: [],
  })
  if (settled[0] !== 'succeeded') await unlooked?.look()
  return settled[0] ?? 'nothing'
}

/** A run that was given up and owes its verdict. */
async function givenUp(second: number): Promise<RunRecord> {
  const claim = await claimed(second)
  await queue.settle(claim, BURIED)
  return (await queue.run(claim.runId)) as RunRecord
}

function pay(over: { queue?: Queue; storage?: Storage } = {}) {
  const parts = { queue, storage: store.storage, ...over, functions, retentionMs: 1e9, log }
  return createDebtCollector({ ...parts, payers: () => createVerdictPayer(parts) as Payers }).payDue()
}

const writeVerdictOf = (runId: string, over: { queue?: Queue; storage?: Storage } = {}) =>
  createVerdictPayer({ queue, storage: store.storage, functions, ...over }).verdict.pay(
    { kind: 'verdict', runId },
    {} as never,
  )

const places = (over: { queue?: Queue; storage?: Storage; readAgainMs?: number } = {}) =>
  createVerdictPlacesChore({ redis: used.redis, queue, storage: store.storage, functions, ...over })
const learn = () => places().run()
const isKnown = async () => (await used.redis.exists(queue.keys.verdictsKnown)) === 1
const noted = async () =>
  (await used.redis.hget(queue.keys.verdictPlaces, verdictPlaceId(place.verdictBucket, place.verdictKey))) ??
  undefined
const verdict = async () => (await readVerdict({ storage: store.storage, place }))?.verdict
const owesLook = async () => (await allDebts(used)).some((text) => parseDebt(text)?.kind === 'outdated')

/** Counts the looks at the place of the verdict. */
function watched(): { storage: Storage; looks: () => number } {
  let looks = 0
  const storage: Storage = {
    ...store.storage,
    readText(bucket, read, options) {
      if (read === place.verdictKey) looks++
      return store.storage.readText(bucket, read, options)
    },
  }
  return { storage, looks: () => looks }
}

/** Waits for the identity of the server, which is asked when the connection is made. */
const learned = () =>
  waitFor(
    async () => {
      await learn()
      return isKnown()
    },
    { timeoutMs: 5_000, what: 'all verdicts to be noted', intervalMs: 10 },
  )

describe('a commit', () => {
  it('looks for no verdict where none is known, and for one where one was written', async () => {
    await learned()
    const { storage, looks } = watched()
    expect(await succeed(await claimed(1), { storage })).toBe('succeeded')
    expect([looks(), await owesLook()]).toEqual([0, false])
    await writeVerdictOf((await givenUp(2)).runId)
    expect(await verdict()).toBeDefined()
    expect(await succeed(await claimed(3), { storage })).toBe('succeeded')
    expect([looks() > 0, await verdict()]).toEqual([true, undefined])
  })

  it('takes the note of a verdict away that is gone, so that the next one looks for none', async () => {
    await learned()
    await writeVerdictOf((await givenUp(1)).runId)
    await succeed(await claimed(2))
    expect(await noted()).toBeUndefined()
    const { storage, looks } = watched()
    await succeed(await claimed(3), { storage })
    expect(looks()).toBe(0)
  })

  it('leaves the note of a verdict that remains, and that of another write', async () => {
    await learned()
    const older = await claimed(1)
    await writeVerdictOf((await givenUp(2)).runId)
    const mark = (await noted()) as string
    await queue.noteVerdicts([place])
    await queue.verdictGone(place, mark)
    expect(await noted()).not.toBe(mark)
    await succeed(older)
    expect([await noted(), (await verdict())?.state]).toEqual([expect.any(String), 'dead'])
  })

  it('looks itself when no settlement stands for its result', async () => {
    await learned()
    const lost = await claimed(2)
    const forgetful = gatedAt('turn', async () => {
      await writeBehind((await givenUp(1)).runId)
      await used.redis.del(queue.keys.run(lost.runId))
    })
    expect(await succeed(lost, { queue: forgetful })).toBe('fenced')
    expect(await verdict()).toBeUndefined()
  })

  it.each([
    { state: 'fenced', looks: 1, becomes: (claim: Claim) => used.redis.del(queue.keys.run(claim.runId)) },
    { state: 'dead', looks: 1, becomes: (claim: Claim) => queue.settle(claim, BURIED) },
    { state: 'succeeded', looks: 0, becomes: () => Promise.resolve() },
    { state: 'succeeded twice', looks: 1, becomes: () => Promise.resolve(), again: true },
  ])('has its worker look itself when its run is $state by then: $looks', async (row) => {
    const { looks, becomes, again } = { again: false, ...row }
    const runId = randomUUID().replaceAll('-', '')
    await queue.enqueue(newRunOf(runId))
    let looked = 0
    const worker = createWorker({
      queue: again
        ? { ...queue, turn: async (...turn) => ({ ...(await queue.turn(...turn)), wasSentAgain: true }) }
        : queue,
      consumer: 'w',
      functions,
      allFunctions: functions,
      limits: () => new Map([[FN, { isPaused: false }]]) as never,
      inFlight: createInFlight(60_000),
      contact: createRedisContact(60_000),
      async attempt({ claim }) {
        await becomes(claim)
        worker.drain(60_000)
        const look = async () => void looked++
        return { kind: 'succeeded', result: '{}', unlooked: { asked: `${'0'.repeat(32)} x`, look } }
      },
      onEndedWithoutResult: () => {},
      metrics: createMetrics(),
      log,
    })
    await worker.run()
    expect(looked).toBe(looks)
  })

  it('sees a verdict that is being written, before its run says that it has succeeded', async () => {
    await learned()
    const [dead, claim] = [await givenUp(1), await claimed(2)]
    let notes = 0
    let seen: unknown[] = []
    const racing = gatedAt('noteVerdicts', async () => {
      if (++notes === 2) seen = [await succeed(claim), await owesLook(), await verdict()]
    })
    await writeVerdictOf(dead.runId, { queue: racing })
    expect(seen).toEqual(['succeeded', false, undefined])
  })

  it('that takes the note of a verdict away before it is written does not hide it from later ones', async () => {
    await learned()
    const [dead, older, newer] = [await givenUp(2), await claimed(1), await claimed(3)]
    const racing: Storage = {
      ...store.storage,
      async put(...call) {
        await succeed(older)
        expect(await noted()).toBeUndefined()
        return store.storage.put(...call)
      },
    }
    await writeVerdictOf(dead.runId, { storage: racing })
    expect([await verdict(), await noted()]).toEqual([expect.anything(), expect.any(String)])
    await succeed(newer)
    expect([await verdict(), await owesLook()]).toEqual([undefined, false])
  })

  it('owes a look when a verdict was noted after its fence was asked', async () => {
    await learned()
    const racing = gatedAt('turn', async () => writeBehind((await givenUp(1)).runId))
    expect(await succeed(await claimed(2), { queue: racing })).toBe('succeeded')
    expect([await owesLook(), (await verdict())?.state]).toEqual([true, 'dead'])
    await makeDue(used)
    await pay()
    expect([await owesLook(), await verdict()]).toEqual([false, undefined])
  })

  it('owes a look when the connection was lost since its fence was asked: another server may have taken over', async () => {
    await learned()
    const claim = await claimed(1)
    const cut = gatedAt('turn', async () => {
      used.redis.disconnect(true)
      await once(used.redis, 'close')
    })
    expect(await succeed(claim, { queue: cut })).toBe('succeeded')
    expect(await owesLook()).toBe(true)
  })

  it('learns that a turn was on its way when the connection was lost', async () => {
    const request = { consumer: 'w', inFlight: 0, settlements: [], wants: [] }
    expect(await queue.turn({ ...request, token: randomUUID() })).not.toHaveProperty('wasSentAgain')
    const turn = queue.turn({ ...request, token: randomUUID() })
    // Before its answer can come, which a polite end would wait for.
    used.redis.stream.destroy()
    expect(await turn).toMatchObject({ wasSentAgain: true })
  })

  it('that was asked in vain whether it has the run changes nothing in Redis', async () => {
    const claim = await claimed(1)
    const before = await used.redis.hgetall(queue.keys.run(claim.runId))
    expect(await queue.fence(claim, place)).toMatchObject({ isOwner: true })
    expect(await queue.fence({ ...claim, fence: '7' }, place)).toMatchObject({ isOwner: false })
    expect(await queue.fence({ ...claim, token: 'x' }, place)).toMatchObject({ isOwner: false })
    expect(await used.redis.hgetall(queue.keys.run(claim.runId))).toEqual(before)
    await queue.settle(claim, BURIED)
    expect(await queue.fence(claim, place)).toMatchObject({ isOwner: false })
  })
})

describe('that all verdicts are noted', () => {
  it('is known once the bucket was read, with those that stood before', async () => {
    await writeVerdictOf((await givenUp(1)).runId)
    await used.redis.del(queue.keys.verdictPlaces)
    await learned()
    expect(await noted()).toBeDefined()
  })

  it('is read again after a day: notes of verdicts that are gone go, and all others stay', async () => {
    await learn()
    const isNotedAt = async ({ verdictBucket, verdictKey }: ResultPlace) =>
      (await used.redis.hexists(queue.keys.verdictPlaces, verdictPlaceId(verdictBucket, verdictKey))) === 1
    const [gone, soon, standing] = [place, placeOf(cut, { bucket: 'incoming', key: 'soon' }), begin()]
    await queue.noteVerdicts([gone])
    await writeVerdictOf((await givenUp(1)).runId)
    // Both an hour ago.
    for (const id of await used.redis.hkeys(queue.keys.verdictPlaces))
      if (id !== '#')
        await used.redis.hset(queue.keys.verdictPlaces, id, `${(await queue.nowMs()) / 1_000 - 3_600}.1`)
    await queue.noteVerdicts([soon])
    await learn()
    expect(await Promise.all([gone, soon, standing].map(isNotedAt))).toEqual([true, true, true])
    await places({ readAgainMs: 0 }).run()
    expect(await Promise.all([gone, soon, standing].map(isNotedAt))).toEqual([false, true, true])
    expect(await isKnown()).toBe(true)
  })

  it('is not known of a Redis that was emptied, that is another server, or that has lost the beginning', async () => {
    await learned()
    const claim = await claimed(1)
    expect(await queue.fence(claim, place)).toHaveProperty('unlooked')
    await used.redis.set(queue.keys.verdictsKnown, 'another')
    expect(await queue.fence(claim, place)).toEqual({ isOwner: true })
    expect(await queue.keepVerdictsKnown(1_000, [FN])).toBe(false)
    const reading = await queue.beginReading('mine', 60_000, [FN])
    expect(reading).toBeDefined()
    await used.redis.del(`${queue.keys.prefix}verdicts:reading`)
    expect(await queue.endReading(reading as never, 60_000, [FN])).toBe(false)
    await queue.beginReading('of another', 60_000, [FN])
    expect(await queue.endReading(reading as never, 60_000, [FN])).toBe(false)
    expect(await queue.fence(claim, place)).toEqual({ isOwner: true })
  })

  it('is forgotten while a worker of an older release serves, and when nobody keeps it', async () => {
    await queue.registerWorker('w', 60_000, [FN])
    await learned()
    expect(await used.redis.pttl(queue.keys.verdictsKnown)).toBeGreaterThan(0)
    await used.redis.zadd(queue.keys.workers(FN), Date.now() + 60_000, 'older')
    await learn()
    expect(await isKnown()).toBe(false)
    await used.redis.zrem(queue.keys.workers(FN), 'older')
    await learn()
    expect(await isKnown()).toBe(true)
  })

  it('is read by one process at a time, and by the next when that one has died', async () => {
    const stuck = { ...store.storage, list: () => ({ [Symbol.asyncIterator]: () => ({ next: never }) }) }
    void places({ storage: stuck as unknown as Storage }).run()
    await waitFor(async () => (await used.redis.exists(queue.keys.lock('verdict-places'))) === 1, {
      timeoutMs: 5_000,
      what: 'the lock to be taken',
      intervalMs: 10,
    })
    await learn()
    expect(await isKnown()).toBe(false)
    await used.redis.del(queue.keys.lock('verdict-places'))
    await learn()
    expect(await isKnown()).toBe(true)
  })
})

const never = () => new Promise<never>(() => {})

/** The queue, with something that happens right before a call. */
function gatedAt(name: keyof Queue, before: () => Promise<void>): Queue {
  const call = async (...args: never[]) => {
    await before()
    return (queue[name] as (...of: never[]) => unknown)(...args)
  }
  return { ...queue, [name]: call }
}

/** A verdict whose writer has looked for a result before the one that stands now was there. */
async function writeBehind(runId: string): Promise<void> {
  const blind: Storage = {
    ...store.storage,
    readText: (bucket, read, options) =>
      read === place.manifestKey ? Promise.resolve(undefined) : store.storage.readText(bucket, read, options),
  }
  await writeVerdictOf(runId, { storage: blind })
}

describe('whatever the order of steps', () => {
  const choices = random('orders of verdicts and commits')
  const CASES = 40

  /** A verdict of the upload at `second`, a commit of the one at 2, and a reading of the bucket; the steps as they were done. */
  async function inSomeOrder(second: number, what: 'all live' | 'writer dies' | 'redis is emptied') {
    begin()
    const dead = await givenUp(second)
    const claim = await claimed(2)
    let deaths = what === 'writer dies' ? 1 : 0
    const emptied: Actor = async (step) => {
      await step()
      await used.redis.flushall()
    }
    const actors: Record<string, Actor> = {
      verdict: (step) => writeVerdictOf(dead.runId, gatedParts(step)).then(() => undefined),
      commit: (step) => succeed(claim, gatedParts(step)).then(() => undefined),
      reading: async (step) => places(gatedParts(step)).run(),
      ...(what === 'redis is emptied' && { emptied }),
    }
    const order = await interleave(actors, (waiting) => {
      const name = choices.pick(waiting)
      const dies = deaths > 0 && name === 'verdict' && choices.below(3) === 0
      if (dies) deaths--
      return { name, dies }
    })
    await makeDue({ redis: used.redis, queue })
    await pay()
    return order.join(' ')
  }

  describe.each(['known', 'unknown'] as const)('with verdicts %s before', (before) => {
    it.each(['all live', 'writer dies', 'redis is emptied'] as const)(
      'a verdict remains beside a result only when it is newer, and then it is noted (%s)',
      async (what) => {
        const wrong: object[] = []
        for (let count = 0; count < CASES; count++) {
          if (before === 'known') await learned()
          else await used.redis.del(queue.keys.verdictsKnown)
          const isNewer = choices.below(3) === 0
          const order = await inSomeOrder(isNewer ? 3 : 1, what)
          await learn()
          const remains = (await verdict()) !== undefined
          const isCommitted = (await readCurrent(store.storage, place)) !== undefined
          const found = {
            remains,
            isCommitted,
            isKnown: await isKnown(),
            isNoted: (await noted()) !== undefined,
          }
          // An emptied Redis knows neither the run that owes a verdict nor the one that commits.
          const isEmptied = what === 'redis is emptied'
          const isRight =
            found.isKnown &&
            (found.isNoted || !remains) &&
            (isNewer || !isCommitted || !remains) &&
            (isEmptied || (isCommitted && remains === isNewer))
          if (!isRight) wrong.push({ order, isNewer, ...found })
        }
        expect(wrong).toEqual([])
      },
      120_000,
    )
  })
})

function gatedParts(step: () => Promise<void>): { queue: Queue; storage: Storage } {
  return { queue: gated(queue, step), storage: gated(store.storage, step) }
}
