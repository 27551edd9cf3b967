/**
 * Loop 2: claim -> attempt -> settle. One turn is one script call that settles what ended and claims what there are slots for.
 * A turn whose reply was lost is sent again as it was; Redis knows it by its token. Two turns may be under way.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { messageOf } from '../errors.ts'
import { type Limits, slotsOf } from '../queue/limits.ts'
import type { FunctionDefinition } from '../function/definition.ts'
import type { Logger } from '../telemetry/logger.ts'
import { createFunctionSeries } from '../telemetry/function-series.ts'
import type { RuntimeMetrics } from '../telemetry/metrics.ts'
import type { Queue } from '../queue/queue.ts'
import type { Settlement, TurnReply, TurnRequest } from '../queue/turn.ts'
import type { Claim } from '../queue/run.ts'
import { reached } from '../telemetry/steps.ts'
import { sleep } from '../time.ts'
import type { RedisContact } from '../queue/redis-contact.ts'
import { owedBySuccess } from '../queue/debts.ts'
import { askedBy } from './asked.ts'
import type { InFlight, InFlightAttempt } from './in-flight.ts'
import type { Outcome } from './attempt/outcome.ts'
import { recordEnd, recordSettled, settlementOf } from './settlement.ts'
import { createWakeUp } from './wake-up.ts'

/** An idle worker asks for work this often without a wake-up: wake-ups may be lost with a connection. */
const POLL_MS = 1_000
/** One turn in so many reads all streams, also of functions that are not said to have something waiting. */
const LOOK_AT_ALL = 10
const RESEND_MS = 250
/** Redis works on one turn while the attempts of the other start and end. Redis remembers the claims of the last turn of each slot. */
const TURN_SLOTS = [0, 1]
/** A second turn is worth its call when it settles this many. */
const SECOND_TURN_FROM = 8
/** How many of the claimed runs start together; the next ones start while Redis settles the first. */
const BEGIN_TOGETHER = 16
/** One claim in ten is for backfill when there is live work too. */
const LOW_SHARE = 10

export interface WorkerParts {
  readonly queue: Queue
  readonly consumer: string
  /** The functions that this worker serves. */
  readonly functions: readonly FunctionDefinition[]
  readonly allFunctions: readonly FunctionDefinition[]
  /** The current limits; undefined before they are known: then nothing is claimed. */
  readonly limits: () => ReadonlyMap<string, Limits> | undefined
  readonly inFlight: InFlight
  readonly contact: RedisContact
  /** Does the work of one claim; never throws. */
  readonly attempt: (attempt: InFlightAttempt, log: Logger) => Promise<Outcome>
  /** Called with runs that now owe the bucket a verdict. */
  readonly onEndedWithoutResult: (runIds: readonly string[]) => void
  readonly metrics: RuntimeMetrics
  readonly log: Logger
}

export interface Worker {
  /** Resolves when the worker has stopped claiming and everything is settled. */
  run(): Promise<void>
  /** There may be runs to claim, of this function; without one, of any. */
  wake(functionName?: string): void
  /** Claims nothing more; what is left after `drainMs` is handed back uncounted. */
  drain(drainMs: number): void
}

interface Ended {
  readonly claim: Claim
  readonly outcome: Outcome
  readonly settlement: Settlement
}

export function createWorker(parts: WorkerParts): Worker {
  const { queue, consumer, functions, inFlight, contact, metrics, log } = parts
  const seriesOf = createFunctionSeries(metrics)
  const wakeUp = createWakeUp()
  const claimedOf = new Map<string, number>()
  const stopped = new AbortController()
  const freeSlots = [...TURN_SLOTS]
  /** Not answered yet: everything they ask for may be claimed already. */
  const underWay = new Set<TurnRequest>()
  let isDraining = false
  let isDrainOver = false
  let ended: Ended[] = []
  let turns = 0
  /** The words since the last turn: what this worker cannot take is handed on with the next. */
  let wokenFor: string[] = []
  /** For results that no settlement stands for. */
  const looks = new Set<Promise<void>>()
  /** Something may be waiting that no turn has looked for. */
  let mayBeMore = true

  function wants(): TurnRequest['wants'] {
    if (isDraining || inFlight.isAlone) return []
    const limits = parts.limits()
    return functions.flatMap((definition) => {
      const { name } = definition
      const known = limits?.get(name)
      const onTheirWay = askedBy(underWay, name)
      const free = (known ? slotsOf(definition, known) : 0) - inFlight.count(name) - onTheirWay
      if (free <= 0) return []
      const before = (claimedOf.get(name) ?? 0) + onTheirWay
      const lowFirst = Math.floor((before + free) / LOW_SHARE) - Math.floor(before / LOW_SHARE)
      return [{ functionName: name, free, lowFirst }]
    })
  }

  /** One turn, sent until it is answered: an unanswered one may have happened. */
  async function takeTurn(): Promise<void> {
    const settling = ended
    ended = []
    const slot = freeSlots.pop() as number
    const request: TurnRequest = {
      consumer,
      slot,
      token: randomUUID(),
      // A worker is not idle while claims are on their way.
      inFlight: inFlight.size + askedBy(underWay),
      looksAtAll: turns++ % LOOK_AT_ALL === 0,
      wokenFor,
      settlements: settling.map(({ settlement }) => settlement),
      wants: wants(),
    }
    wokenFor = []
    if (request.wants.length > 0) mayBeMore = false
    const wasAlone = underWay.size === 0
    underWay.add(request)
    const { reply, sentAtMs } = await send(request)
    underWay.delete(request)
    freeSlots.push(slot)
    if (!reply) return
    contact.touched()
    for (const failure of reply.failures) log.error({ failure }, 'a stream cannot be read: its runs wait')
    // Where nothing is left the next work wakes this worker. But slots may be free that another turn asked for in vain.
    const hadOther = !wasAlone || underWay.size > 0
    if (reply.claims.length > 0 && (hadOther || !reply.isDrained)) mayBeMore = true
    apply(settling, reply, sentAtMs)
  }

  /** No reply only when a draining worker has nothing to settle. */
  async function send(request: TurnRequest): Promise<{ reply?: TurnReply; sentAtMs: number }> {
    for (let wasSentAgain = false; ; wasSentAgain = true) {
      const sentAtMs = performance.now()
      try {
        const reply = await queue.turn(request)
        return { reply: wasSentAgain ? { ...reply, wasSentAgain } : reply, sentAtMs }
      } catch (error) {
        if (isDraining && request.settlements.length === 0) return { sentAtMs }
        log.warn({ error: messageOf(error) }, 'redis did not answer the turn; sending it again')
        await sleep(RESEND_MS)
      }
    }
  }

  function apply(settling: readonly Ended[], reply: TurnReply, sentAtMs: number): void {
    const owing: string[] = []
    settling.forEach(({ claim, outcome }, index) => {
      const state = reply.settled[index] ?? 'fenced'
      reached('settled', claim.payload.key)
      recordSettled(metrics, log, claim, outcome, state)
      if (state !== 'succeeded' || reply.wasSentAgain) lookAfterAll(outcome)
      if (!['succeeded', 'queued', 'retrying', 'fenced'].includes(state)) owing.push(claim.runId)
    })
    if (owing.length > 0) parts.onEndedWithoutResult(owing)
    begin(reply.claims.map((claim) => take(claim, sentAtMs)))
    // A turn that was sent again may claim after the end of the drain.
    if (isDrainOver) release()
  }

  function release(): void {
    isDrainOver = true
    inFlight.abortAll('released', 'the worker is stopping')
  }

  /** Its manifest is current, and the settlement that would have asked for a verdict again came too late, or asked in vain. */
  function lookAfterAll(outcome: Outcome): void {
    if (outcome.kind !== 'succeeded' || !outcome.unlooked) return
    const look = outcome.unlooked.look().finally(() => looks.delete(look))
    looks.add(look)
  }

  /** From now on it is this worker's, with a lease, whenever it starts. */
  function take(claim: Claim, sentAtMs: number): InFlightAttempt {
    const definition = functions.find(({ name }) => name === claim.functionName) as FunctionDefinition
    const series = seriesOf(definition.name)
    claimedOf.set(definition.name, (claimedOf.get(definition.name) ?? 0) + 1)
    const attempt = inFlight.add(claim, definition)
    inFlight.renewed(attempt, sentAtMs)
    series.active.inc()
    series.starts[claim.trigger].inc()
    series.startDelay.observe((claim.claimedAtMs - claim.queuedAtMs) / 1_000)
    return attempt
  }

  function begin(attempts: readonly InFlightAttempt[]): void {
    for (const attempt of attempts.slice(0, BEGIN_TOGETHER)) {
      const { claim, definition } = attempt
      const scope = log.child({ function: definition.name, run: claim.runId, attempt: claim.attempts + 1 })
      void parts.attempt(attempt, scope).then((outcome) => end(attempt, outcome))
    }
    if (attempts.length > BEGIN_TOGETHER) setImmediate(begin, attempts.slice(BEGIN_TOGETHER))
  }

  function end(attempt: InFlightAttempt, outcome: Outcome): void {
    reached('settling', attempt.claim.payload.key)
    inFlight.delete(attempt)
    recordEnd(seriesOf(attempt.definition.name), attempt, outcome)
    const settlement = settlementOf(attempt, outcome, owedBySuccess(parts.allFunctions, attempt.claim))
    if (settlement) ended.push({ claim: attempt.claim, outcome, settlement })
    wakeUp.wake()
  }

  function isTurnDue(): boolean {
    if (underWay.size === 0) return ended.length + wokenFor.length > 0 || (mayBeMore && wants().length > 0)
    return freeSlots.length > 0 && ended.length >= SECOND_TURN_FROM
  }

  return {
    async run() {
      let broken: { readonly error: unknown } | undefined
      while (!isDraining || inFlight.size + ended.length + wokenFor.length > 0 || underWay.size > 0) {
        if (broken) throw broken.error
        wakeUp.reset()
        if (isTurnDue()) {
          void takeTurn()
            .catch((error: unknown) => (broken = { error }))
            .then(() => wakeUp.wake())
        } else if (!(await wakeUp.wait(POLL_MS))) mayBeMore = true
      }
      // The last turn may have failed in the same step in which nothing was left.
      if (broken) throw broken.error
      stopped.abort()
      await Promise.all(looks)
    },
    wake(functionName) {
      if (functionName !== undefined) wokenFor.push(functionName)
      else {
        turns = 0
        mayBeMore = true
      }
      wakeUp.wake()
    },
    drain(drainMs) {
      isDraining = true
      wakeUp.wake()
      void sleep(drainMs, stopped.signal).then(release)
    },
  }
}
