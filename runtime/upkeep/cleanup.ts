/** Removes sources that are done with, and results whose source is gone: payers of debts (`debts.ts`). @module */
import type { FunctionDefinition } from '../function/definition.ts'
import { makeOf } from '../function/make.ts'
import type { Route, Router } from '../function/routing.ts'
import type { Logger } from '../telemetry/logger.ts'
import { readCurrent } from '../output/manifest.ts'
import { placeOf } from '../output/layout.ts'
import {
  planRemoval,
  removeFiles,
  removeVersions,
  versionsOf,
  type RemovalRequest,
} from '../output/removal.ts'
import { filesDebt, lookDebt, type Debt, type ResultsOf } from '../queue/debts.ts'
import { objectIdOf, runIdOf } from '../queue/keys.ts'
import type { ClaimedDebt } from '../queue/outbox.ts'
import type { Queue } from '../queue/queue.ts'
import type { RunPayload, RunRecord } from '../queue/run.ts'
import type { AskedItem, AskStore } from '../records/asks.ts'
import type { Storage } from '../storage/storage.ts'
import { MINUTE_MS, SECOND_MS } from '../time.ts'
import type { Payers, Payment } from './debts.ts'
import { readRun } from './verdicts.ts'

/** By then a worker that dies while it removes a result is gone, and its files are removed by another. */
const FILES_LATER_MS = 5 * MINUTE_MS

/** Objects checked in a round, and when the check started: a thousand removed versions cost one check. */
type Checked = Map<string, number>

export interface CleanupParts {
  readonly queue: Queue
  readonly storage: Storage
  readonly functions: readonly FunctionDefinition[]
  readonly router: Router
  /** Runs the latest version of an object, if that is to be done; unsettled: to be checked once more. */
  readonly checkLatest: (bucket: string, key: string) => Promise<{ readonly isUnsettled: boolean }>
  readonly asks: Pick<AskStore, 'list'>
  /** Records that a result was removed on purpose, if it was. */
  readonly recordRemoval: (removal: ResultsOf) => Promise<void>
  readonly log: Logger
}

/** A run that a request asks for. */
interface Requested extends Pick<AskedItem, 'runId'> {
  readonly generation: string
  readonly askedAtMs: number
}

/** How long it counts what requests ask for: a round lasts while there are debts, and requests come meanwhile. */
const REQUESTED_MS = SECOND_MS

const removesSources = ({ afterSuccess }: FunctionDefinition) => afterSuccess === 'remove'

/** The payers of a round. */
export function createCleanupPayers({
  queue,
  storage,
  functions,
  router,
  checkLatest,
  recordRemoval,
  asks,
  log,
}: CleanupParts): Payers<Exclude<Debt['kind'], 'verdict' | 'outdated'>> {
  const checked: Checked = new Map()
  let requested = new Map<string, Requested[]>()
  let requestedAtMs = -Infinity

  const placed = (debt: ResultsOf) => {
    const definition = functions.find(({ name }) => name === debt.functionName)
    if (!definition) throw new Error(`no process here knows the function "${debt.functionName}"`)
    return { definition, request: { storage, place: placeOf(definition, debt), source: debt } }
  }

  async function paySource({ runId }: Debt & { kind: 'source' }): Promise<Payment> {
    const run = await readRun(queue, runId)
    if (run?.state !== 'succeeded' || !(await isDoneWith(run))) return 'paid'
    // No later success need owe it again: the request may have been for what is done already.
    if (await isRequested(run.payload)) return 'too early'
    await removeSource(run.payload)
    return 'paid'
  }

  async function payResults(debt: Debt & { kind: 'results' }): Promise<Payment> {
    const { definition, request } = placed(debt)
    if (definition.onDelete === 'remove') await removeResult(request, debt)
    return 'paid'
  }

  /** A version that the runtime itself removed has no older one behind it that would have to be run. */
  async function payLook(debt: Debt & { kind: 'look' }, { dueAtMs, atMs }: ClaimedDebt): Promise<Payment> {
    const { bucket, key, removedVersion } = debt
    const objectId = objectIdOf(bucket, key)
    // A run of what was removed may still commit its result over that of the version which is the latest now.
    if (await isRunning(debt)) return 'too early'
    // It was owed before the check.
    if (dueAtMs < (checked.get(objectId) ?? 0)) return 'paid'
    if (await queue.isConsumed(objectId, removedVersion)) return 'paid'
    const { isUnsettled } = await checkLatest(bucket, key)
    if (isUnsettled) return 'too early'
    checked.set(objectId, atMs)
    return 'paid'
  }

  async function isRunning({ bucket, key, removedVersion }: Debt & { kind: 'look' }): Promise<boolean> {
    if (removedVersion === '') return false
    for (const { name } of functions.filter((definition) => definition.bucket === bucket)) {
      const run = await queue.run(runIdOf(name, bucket, key, removedVersion))
      if (run?.state === 'running') return true
    }
    return false
  }

  async function removeResult(request: RemovalRequest, debt: Debt & { kind: 'results' }) {
    const { functionName, bucket, key } = debt
    // Results do not follow a removal by the runtime itself, on this machine or another.
    const removal = mayConsume({ bucket, key, sizeBytes: NaN, make: undefined })
      ? undefined
      : await planRemoval(request)
    if (!removal || (await queue.isConsumed(objectIdOf(bucket, key), removal.generation))) return
    const ended = await queue.run(removal.run)
    const success = ended?.endedAtMs !== undefined && { runId: removal.run, endedAtMs: ended.endedAtMs }
    // Before the manifest is removed, since only it names its files and its run.
    const files = filesDebt(debt, removal.attempts, removal.pointers, success || undefined)
    await queue.owe(files, FILES_LATER_MS)
    await removeVersions(storage, request.place.bucket, removal.versions)
    await queue.owe(files, 0)
    const object = `${bucket}/${key}`
    log.info({ function: functionName, object }, 'the source was deleted: its result was removed')
  }

  /** For a result whose manifest is gone: its run, then its files. */
  async function payFiles(debt: Debt & { kind: 'files' }): Promise<Payment> {
    const { request } = placed(debt)
    const { success, bucket, key, attempts } = debt
    const current = success && (await readCurrent(storage, request.place))
    const isStanding =
      current && current.identity !== 'foreign' && attempts.includes(current.identity.attempt)
    if (success && !isStanding) {
      const { runId, endedAtMs } = success
      // The source may have come back while its result went. Noted first, since the run's end is noted only once.
      await queue.owe(lookDebt(bucket, key, '', runId), 0)
      await queue.resultRemoved(runId, 'its source was removed, and so was its result', endedAtMs)
    }
    await removeFiles(request, debt)
    return 'paid'
  }

  const mayConsume = (object: Parameters<Router>[0]) =>
    router(object).some(({ definition, mismatch }) => mismatch === undefined && removesSources(definition))

  /**
   * Whether all that the object is for has been done. A dead letter keeps its source: it may be run again. Redis is asked as
   * well as the functions here, since another machine may serve others.
   */
  async function isDoneWith({ payload }: RunRecord): Promise<boolean> {
    const meant = await functionsFor(payload)
    if (!meant.some(({ definition }) => removesSources(definition))) return false
    for (const { definition } of meant) if (!(await hasSucceeded(definition, payload))) return false
    return !(await queue.hasUnfinished(objectIdOf(payload.bucket, payload.key), payload.generation))
  }

  /** Whether a request has asked for more of it that has not been done: Redis need not know it (yet, or any more). */
  async function isRequested({ bucket, key, generation }: RunPayload): Promise<boolean> {
    if (performance.now() - requestedAtMs > REQUESTED_MS) await readRequested()
    for (const { runId, askedAtMs, ...of } of requested.get(objectIdOf(bucket, key)) ?? []) {
      if (of.generation !== generation) continue
      const run = await queue.run(runId)
      if (run?.state !== 'succeeded' || run.epoch < askedAtMs) return true
    }
    return false
  }

  async function readRequested(): Promise<void> {
    const [atMs, byObject] = [performance.now(), new Map<string, Requested[]>()]
    for await (const { items, askedAtMs } of asks.list())
      for (const { runId, objectId, payload } of items) {
        const one = { runId, generation: payload.generation, askedAtMs }
        const of = byObject.get(objectId)
        if (of) of.push(one)
        else byObject.set(objectId, [one])
      }
    requested = byObject
    requestedAtMs = atMs
  }

  /** Also those that its metadata ask for, and those that have run because a request asked for them. */
  async function functionsFor(payload: RunPayload): Promise<readonly Route[]> {
    const { bucket, key, versionId, generation } = payload
    const isUnasked = ({ mismatch }: Route) => mismatch === 'not-asked'
    const always = router({ ...payload, make: [] })
    const head = always.some(isUnasked) ? await storage.head(bucket, key, { versionId }) : undefined
    const routes = head ? router({ ...payload, make: makeOf(head.metadata) }) : always
    const meant = routes.filter(({ mismatch }) => mismatch === undefined)
    for (const route of routes.filter(isUnasked)) {
      const run = await queue.run(runIdOf(route.definition.name, bucket, key, generation))
      if (run?.state === 'succeeded') meant.push(route)
    }
    return meant
  }

  async function hasSucceeded(definition: FunctionDefinition, payload: RunPayload): Promise<boolean> {
    const { bucket, key, generation } = payload
    const runId = runIdOf(definition.name, bucket, key, generation)
    const run = await queue.run(runId)
    if (run) return run.state === 'succeeded'
    const current = await readCurrent(storage, placeOf(definition, payload))
    return current !== undefined && current.identity !== 'foreign' && current.identity.run === runId
  }

  async function removeSource({ bucket, key, versionId, generation }: RunPayload): Promise<void> {
    const object = `${bucket}/${key}`
    if (versionId === undefined) {
      // A delete by the key alone could hit an upload that has just come.
      log.warn(
        { object },
        'the source is kept: its bucket keeps no versions, so a newer upload could be deleted',
      )
      return
    }
    await queue.markConsumed(objectIdOf(bucket, key), generation)
    const versions = await versionsOf(storage, bucket, key)
    // Older uploads go along with the latest: else the one before would come to light, and would be run.
    if (versions[0]?.versionId === versionId) await removeVersions(storage, bucket, versions)
    else await storage.remove(bucket, key, { versionId })
    log.info({ object }, 'all its functions have succeeded: the source was removed')
  }

  const messages = { failure: 'cleanup failed', lost: 'a cleanup can never be done' }
  return {
    source: { ...messages, pay: paySource },
    results: { ...messages, pay: payResults },
    files: { ...messages, pay: payFiles },
    look: { ...messages, pay: payLook },
    removed: {
      ...messages,
      async pay(debt) {
        placed(debt)
        await recordRemoval(debt)
        return 'paid'
      },
    },
  }
}
