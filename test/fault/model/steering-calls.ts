/** Every other script, as something that is sent to Redis and applied to the model. @module */
import { expect } from 'vitest'
import type { RerunRequest, Reclaimed } from '../../../runtime/queue/queue.ts'
import type { Claim } from '../../../runtime/queue/run.ts'
import type { TurnReply, TurnRequest } from '../../../runtime/queue/turn.ts'
import type { Call } from './call.ts'
import * as endings from './endings.ts'
import { MAX_CRASHES, tellPruned, tellTaken, tellTurn } from './ledger.ts'
import type { Operation, Steering } from './operations.ts'
import { wakeForEach, type Model } from './state.ts'
import * as rules from './steering.ts'
import { turn as turnRule } from './turns.ts'
import { FUNCTIONS, newRunOf } from './universe.ts'

const LEASE_MS = 600_000
const LONG_MS = 3_600_000

export function turn(request: TurnRequest, onClaims: (claims: readonly Claim[]) => void): Call<TurnReply> {
  return {
    what: `turn ${JSON.stringify(request)}`,
    // A word that is handed on twice wakes one more.
    isRepeatable: !request.wokenFor?.length,
    send: (queue) => queue.turn(request),
    apply: (model, now) => ({ ...turnRule(model, now, request), failures: [] }),
    known: ({ settled, claims, failures, isDrained }) => ({
      settled,
      isDrained,
      claims: claims.map(({ runId, fence, lane, attempts, trigger }) => ({
        runId,
        fence,
        lane,
        attempts,
        trigger,
      })),
      failures,
    }),
    told: (ledger, reply) => {
      tellTurn(ledger, request, reply)
      onClaims(reply.claims)
    },
  }
}

export function beat(consumer: string, claims: readonly Claim[]): Call {
  const beats = claims.map(({ runId, fence, token }) => ({ runId, fence, token }))
  return {
    what: `heartbeat of ${consumer} for ${JSON.stringify(beats)}`,
    send: (queue) => queue.heartbeat(consumer, beats),
    apply: (model) => rules.heartbeat(model, consumer, beats),
  }
}

export function reclaim(heardAtMs: number): Call<Reclaimed[]> {
  const request = { leaseMs: LEASE_MS, maxCrashes: MAX_CRASHES, functionNames: FUNCTIONS }
  return {
    what: 'reclaim',
    send: (queue) => queue.reclaim({ ...request, heardAtMs, heardWithinMs: LEASE_MS }),
    apply: (model, now) => (now.maxMs - heardAtMs > LEASE_MS ? [] : rules.reclaim(model, now, request)),
    told: (ledger, taken) =>
      tellTaken(
        ledger,
        taken.map(({ runId }) => runId),
      ),
  }
}

export function promote(limit: number): Call<{ promoted: number }> {
  return {
    what: `promote ${limit}`,
    send: (queue) => queue.promote(limit),
    apply: (model, now) => rules.promote(model, now, limit),
    known: ({ promoted }) => promoted,
    isRepeatable: false,
  }
}

export function verdictWritten(end: endings.WrittenVerdict): Call {
  return {
    what: `word that the verdict of ${JSON.stringify(end)} is written`,
    send: (queue) => queue.verdictWritten(end),
    apply: (model) => endings.verdictWritten(model, end),
  }
}

type Repair = Extract<Operation, { kind: 'repair' }>

export function repaired({ run, others }: Repair): string[] {
  return [run, ...others.filter((other) => other !== run)]
}

/**
 * Of a run that was damaged just now, and of some others: only the first time there is something to heal.
 *
 * @param foretold - what a repair that only looks has said of it
 */
export function repair(operation: Repair, foretold: readonly string[] | false): Call<string[]> {
  const runs = repaired(operation)
  let damage: endings.Damage | undefined = operation.damage
  return {
    what: `repair of ${runs.join()}, the first without its ${damage}`,
    send: (queue) => queue.repair(runs),
    apply(model, now) {
      const woken: string[] = []
      const answers = runs.map((id, at) =>
        endings.repair(model, now, id, at === 0 ? damage : undefined, woken),
      )
      wakeForEach(model, woken)
      if (damage && foretold) expect(answers, 'what was foretold of the repair').toEqual(foretold)
      damage = undefined
      return answers
    },
    told: (ledger, answers) =>
      tellTaken(
        ledger,
        runs.filter((_, at) => answers[at] === 'stream-entry'),
      ),
  }
}

export function steering(model: Model, operation: Steering): Call {
  return { ...steer(model, operation), what: JSON.stringify(operation) }
}

function steer(model: Model, operation: Steering): Omit<Call, 'what'> {
  switch (operation.kind) {
    case 'cancel':
      return {
        send: (queue) => queue.cancel(operation.run),
        apply: (then, now) => rules.cancel(then, now, operation.run),
      }
    case 'purge':
      return {
        send: (queue) => queue.purge([operation.run]),
        apply: (then) => endings.purge(then, [operation.run]),
      }
    case 'remove result': {
      const endedAtMs = model.ended.get(operation.run)?.minMs ?? 0
      return {
        send: (queue) => queue.resultRemoved(operation.run, 'deleted', endedAtMs),
        apply: (then, now) => endings.resultRemoved(then, now, operation.run, 'deleted', endedAtMs),
      }
    }
    case 'rerun':
      return rerun(requestOf(model, operation))
    case 'begin job':
      return {
        send: (queue) =>
          queue.beginJob(operation.job, { kind: 'reprocess', total: 9, isForced: false, request: '{}' }),
        apply: (then) => {
          if (then.jobs.has(operation.job)) return
          then.jobs.set(operation.job, { status: 'running', position: 0, handedOut: 0, passedOver: 0 })
        },
      }
    case 'end job':
      return {
        send: (queue) => queue.endJob(operation.job, 'cancelled', LONG_MS),
        apply: (then) => {
          const job = then.jobs.get(operation.job)
          const isEnding = job?.status === 'running'
          if (isEnding) job.status = 'cancelled'
          return isEnding
        },
      }
    case 'withdraw':
      return {
        send: (queue) => queue.withdraw(operation.job, operation.runs),
        apply: (then, now) => rules.withdraw(then, now, operation.job, operation.runs),
      }
    case 'retire':
      return {
        send: (queue) => queue.retireConsumers(-1, FUNCTIONS),
        apply: () => undefined,
        // How many there were is of no interest: nothing may change.
        known: () => undefined,
      }
    case 'prune': {
      const { isAnyAge, maxRuns, limit, passed } = operation
      const mayGo = [...model.ended.keys()]
      return {
        send: (queue) => queue.prune(isAnyAge ? 0 : LONG_MS, maxRuns, limit, passed),
        apply: (then) => endings.prune(then, operation),
        isRepeatable: false,
        told: (ledger) =>
          tellPruned(
            ledger,
            mayGo.filter((run) => !model.runs.has(run)),
          ),
      }
    }
  }
}

function requestOf(model: Model, operation: Extract<Steering, { kind: 'rerun' }>): RerunRequest {
  const { runs, trigger, isForced, isKnownToCaller, step } = operation
  const items = runs.map((runId) =>
    isKnownToCaller ? newRunOf(runId, { eventId: '', lane: 'low', trigger }) : { runId },
  )
  if (!step) return { trigger, isForced, items }
  const position = (model.jobs.get(step.job)?.position ?? 0) + step.beside
  return { step: { job: step.job, position }, trigger, isForced, items }
}

function rerun(request: RerunRequest): Omit<Call, 'what'> {
  return {
    send: (queue) => queue.rerun(request),
    // The prefix, then the arguments that the script's head names: the fifth is the request's token.
    apply: (model, now, args) => rules.rerun(model, now, request, String(args[5])),
  }
}
