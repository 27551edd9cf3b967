/**
 * Those around the queue, as they really behave: intakes that read and then admit, workers with attempts in hand, whoever
 * steers. Turns operations into scripts that are sent.
 * @module
 */
import { GROUP, LANES } from '../../../runtime/queue/keys.ts'
import type { Settlement } from '../../../runtime/queue/turn.ts'
import { parseFacts } from '../../../runtime/queue/run-record.ts'
import type { Claim } from '../../../runtime/queue/run.ts'
import type { FateKind } from '../../../runtime/queue/queue.ts'
import { admissionOf, admitCall, stray, unaskedCall } from './intakes.ts'
import type { Bench, Call, SentCall } from './call.ts'
import type { WrittenVerdict } from './endings.ts'
import { type Operation, type OutcomeName, type Step } from './operations.ts'
import { toLayoutBefore } from './layout-before.ts'
import { streamOf } from './state.ts'
import * as calls from './steering-calls.ts'
import { CONSUMERS, FUNCTIONS } from './universe.ts'

/** Later than any lease, and than any delay. */
const LONG_MS = 3_600_000

interface World {
  readonly bench: Bench
  /** What each intake has read and not yet admitted. */
  readonly peeked: (readonly Buffer[])[]
  readonly hands: Map<string, Claim[]>
  /** Attempts that their workers have settled or forgotten, or that were taken from them. */
  readonly past: Claim[]
  readonly ends: WrittenVerdict[]
  readonly sent: SentCall[]
  announced: number
}

/** The turn of a worker that dies of what it takes. */
const SUSPECT = { slot: 0, outcomes: [], free: 1, lowFirst: 0, looksAtAll: true, wokenFor: [] } as const

export function createWorld(bench: Bench) {
  const world: World = {
    bench,
    peeked: [[], []],
    hands: new Map(CONSUMERS.map((consumer) => [consumer, []])),
    past: [],
    ends: [],
    sent: [],
    announced: 0,
  }
  return ({ operation, isTwice }: Step) => perform(world, operation, isTwice)
}

async function perform(world: World, operation: Operation, isTwice: boolean): Promise<void> {
  const { bench, sent } = world
  const { model, redis, keys } = bench
  async function send<Answer>(call: Call<Answer>): Promise<void> {
    sent.push((await bench.send(call, isTwice)) as SentCall)
  }
  switch (operation.kind) {
    case 'announce':
      return announce(world, operation.texts, isTwice)
    case 'peek':
      world.peeked[operation.intake] = await redis.lrangeBuffer(keys.inbox, 0, operation.count - 1)
      return
    case 'admit':
      return send({
        ...admitCall(admissionOf(world.peeked[operation.intake] ?? [])),
        // The copy of what was admitted looks the same: it is admitted then, as a copy.
        isRepeatable: new Set(model.inbox).size === model.inbox.length,
      })
    case 'admit unasked':
      return send(unaskedCall(operation.run))
    case 'turn':
      return takeTurn(world, operation, isTwice)
    case 'beat':
      return send(calls.beat(operation.consumer, world.hands.get(operation.consumer) ?? []))
    case 'zombie':
      return zombie(world, operation, send)
    case 'silence':
      return silence(world, operation.consumer)
    case 'restart':
      return restart(world, operation.consumer)
    case 'crash':
      for (let time = 0; time < operation.times; time++) {
        await takeTurn(world, { ...operation, kind: 'turn', ...SUSPECT }, isTwice)
        await silence(world, operation.consumer)
        restart(world, operation.consumer)
        await tellFate(bench, operation.consumer, operation.fate)
        await send(calls.reclaim(bench.nowMs()))
        await endRest(bench)
      }
      return
    case 'fate':
      return tellFate(bench, operation.consumer, operation.fate)
    case 'reclaim':
      return send(calls.reclaim(bench.nowMs() - (operation.isLate ? 2 * LONG_MS : 0)))
    case 'promote':
      return send(calls.promote(operation.limit))
    case 'later':
      for (const run of model.delay.keys()) {
        await redis.zadd(keys.delay, 'XX', 1, run)
        model.delay.set(run, { minMs: 1, maxMs: 1 })
      }
      return
    case 'end of rest':
      return endRest(bench)
    case 'stray':
      await stray(bench, operation.run)
      return
    case 'layout before':
      return toLayoutBefore(redis, keys, operation.run)
    case 'repair': {
      await damage(world, operation)
      const foretold = operation.isDry && (await bench.queue.repair(calls.repaired(operation), true))
      return send(calls.repair(operation, foretold))
    }
    case 'read end': {
      const { runs, ended } = model
      const [run, endedAt] = [runs.get(operation.run), ended.get(operation.run)]
      if (!run || !endedAt) return
      world.ends.push({ runId: run.id, state: run.state, epoch: run.epoch.minMs, endedAtMs: endedAt.minMs })
      return
    }
    case 'verdict written': {
      const end = world.ends.at(-1 - operation.pick)
      return end && send(calls.verdictWritten(end))
    }
    case 'resend': {
      const call = sent.at(-1 - operation.back)
      if (call) await bench.resend(call)
      return
    }
    default:
      return send(calls.steering(model, operation))
  }
}

/** No two announcements are alike, but for the two copies of one. */
async function announce(world: World, texts: readonly string[], isTwice: boolean): Promise<void> {
  const { redis, keys, model } = world.bench
  const numbered = texts.map((text) => `${text} #${++world.announced}`)
  const pushed = isTwice ? numbered.flatMap((text) => [text, text]) : numbered
  await redis.rpush(keys.inbox, ...pushed)
  model.inbox.push(...pushed)
}

/** As a worker does: it settles what has ended, and wants as much as its contract lets it. */
async function takeTurn(
  { bench, hands, past, sent }: World,
  operation: Extract<Operation, { kind: 'turn' }>,
  isTwice: boolean,
): Promise<void> {
  const { consumer, slot, outcomes, free, lowFirst, looksAtAll, wokenFor } = operation
  const held = hands.get(consumer) ?? []
  const settling = held.slice(0, outcomes.length)
  const left = held.slice(outcomes.length)
  const isAlone = left.some(({ lane }) => lane === 'solo')
  const request = {
    consumer,
    slot,
    token: `turn-${sent.length}`,
    inFlight: left.length,
    looksAtAll,
    wokenFor,
    settlements: settling.map((claim, at) => settlementOf(claim, outcomes[at] as OutcomeName)),
    wants: isAlone ? [] : FUNCTIONS.map((functionName) => ({ functionName, free, lowFirst })),
  }
  const place = sent.length
  past.push(...settling)
  hands.set(consumer, left)
  const call = calls.turn(request, (claims) => {
    const known = hands.get(consumer) ?? []
    const isNew = ({ runId, fence }: Claim) =>
      ![...known, ...past].some((other) => other.runId === runId && other.fence === fence)
    // Who sends a turn again learns of its claims once; much later nobody listens any more.
    if (sent.length === place) hands.set(consumer, [...known, ...claims.filter(isNew)])
    else past.push(...claims)
  })
  sent.push((await bench.send(call, isTwice)) as SentCall)
}

async function zombie(
  { past, hands }: World,
  { consumer, pick, says, as }: Extract<Operation, { kind: 'zombie' }>,
  send: <Answer>(call: Call<Answer>) => Promise<void>,
): Promise<void> {
  const all = as === 'itself' ? past : [...past, ...[...hands.values()].flat()]
  const claim = all.at(-1 - (pick % Math.max(1, all.length)))
  if (!claim) return
  const said =
    as === 'itself'
      ? claim
      : as === 'another token'
        ? { ...claim, token: 'not mine' }
        : { ...claim, fence: String(Number(claim.fence) - 1) }
  if (says === 'beat') return send(calls.beat(consumer, [said]))
  const settlements = [settlementOf(said, says)]
  await send(calls.turn({ consumer, token: 'zombie', inFlight: 1, settlements, wants: [] }, () => undefined))
}

function settlementOf({ runId, fence, token }: Claim, outcome: OutcomeName): Settlement {
  const attempt = { runId, fence, token }
  const delayMs = outcome.endsWith('for later') ? LONG_MS : 0
  switch (outcome) {
    case 'complete':
      return { ...attempt, kind: 'complete', result: '{}' }
    case 'complete and owe':
      return {
        ...attempt,
        kind: 'complete',
        result: '{}',
        owed: { source: `s ${runId}`, results: `r ${runId}` },
      }
    case 'fail':
    case 'fail for later':
      return { ...attempt, kind: 'fail', error: 'boom', lines: '', delayMs, maxAttempts: 2 }
    case 'bury':
      return { ...attempt, kind: 'bury', reason: 'permanent', error: 'boom', lines: '' }
    case 'release':
    case 'release for later':
      return { ...attempt, kind: 'release', reason: 'drain', delayMs }
    case 'isolate':
      return { ...attempt, kind: 'isolate', reason: 'blocked' }
    default:
      return { ...attempt, kind: outcome, reason: outcome }
  }
}

function restart({ hands, past }: World, consumer: string): void {
  past.push(...(hands.get(consumer) ?? []))
  hands.set(consumer, [])
}

/** The time is over for which others come first after a run that may kill. */
async function endRest({ redis, keys, model }: Bench): Promise<void> {
  await redis.del(CONSUMERS.map((consumer) => `${keys.prefix}solo:rest:${consumer}`))
  model.resting.clear()
}

/** A supervisor says what it knows of a worker, or what it has said is no longer so. */
async function tellFate(
  { queue, redis, keys, model }: Bench,
  consumer: string,
  fate: FateKind | 'none',
): Promise<void> {
  if (fate === 'none') {
    await redis.del(keys.fate(consumer))
    model.fates.delete(consumer)
    return
  }
  await queue.noteFate(consumer, fate, `${fate} as it is told`, LONG_MS)
  model.fates.set(consumer, fate)
}

async function silence({ bench: { redis, keys, model } }: World, consumer: string): Promise<void> {
  for (const fn of FUNCTIONS) {
    for (const lane of LANES) {
      const mine = streamOf(model, fn, lane).filter((entry) => entry.consumer === consumer)
      if (mine.length === 0) continue
      const key = keys.stream(fn, lane)
      const pending = (await redis.xpending(key, GROUP, '-', '+', 1_000, consumer)) as [string][]
      for (const [id] of pending) await redis.xclaim(key, GROUP, consumer, 0, id, 'IDLE', LONG_MS, 'JUSTID')
      for (const entry of mine) entry.isSilent = true
    }
  }
}

type Repair = Extract<Operation, { kind: 'repair' }>

async function damage({ bench: { redis, keys } }: World, { run, damage: how }: Repair): Promise<void> {
  const { fn, entry, ...fields } = await redis.hgetall(keys.run(run))
  const facts = parseFacts(fields)
  if (!fn || !facts) return
  const key = keys.stream(fn, facts.lane)
  if (how === 'delay') await redis.zrem(keys.delay, run)
  if (how === 'entry' && entry) await redis.xdel(key, entry)
  if (how === 'pending' && entry) await redis.xack(key, GROUP, entry).catch(() => undefined)
}
