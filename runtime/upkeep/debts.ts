/** Pays the debts of `queue/debts.ts`: removes sources that are done with, and results whose source is gone. @module */
import type { FunctionDefinition } from '../function/definition.ts'
import type { Router } from '../function/routing.ts'
import type { Logger } from '../telemetry/logger.ts'
import { readCurrent } from '../output/current.ts'
import { placeOf } from '../output/layout.ts'
import {
  planRemoval,
  removeFiles,
  removeVersions,
  versionsOf,
  type RemovalRequest,
} from '../output/removal.ts'
import { filesDebt, lookDebt, type ClaimedDebt, type Debt, type ResultsOf } from '../queue/debts.ts'
import { objectIdOf, runIdOf } from '../queue/keys.ts'
import type { Queue } from '../queue/queue.ts'
import type { RunPayload, RunRecord } from '../queue/run.ts'
import type { Storage } from '../storage/storage.ts'
import { LATER_MS, payAll } from './debt-round.ts'

/** Objects that were looked at in a round, and when that began: a thousand removed versions cost one look. */
type Looked = Map<string, number>

export interface TidyParts {
  readonly queue: Queue
  readonly storage: Storage
  readonly functions: readonly FunctionDefinition[]
  readonly router: Router
  /** Sees to what is the latest version of an object now; whether that is to be done once more. */
  readonly look: (bucket: string, key: string) => Promise<{ readonly isUnsettled: boolean }>
  /** Records that a result was removed on purpose, if it was. */
  readonly lookAtRemoval: (removal: ResultsOf) => Promise<void>
  readonly log: Logger
}

const removesSources = ({ afterSuccess }: FunctionDefinition) => afterSuccess === 'remove'

/** Pays what is owed now. What cannot be paid stays owed for later, and is told of. */
export function createTidy({
  queue,
  storage,
  functions,
  router,
  look,
  lookAtRemoval,
  log,
}: TidyParts): () => Promise<void> {
  const functionOf = (debt: Debt & { kind: 'results' | 'files' | 'removed' }) =>
    functions.find(({ name }) => name === debt.functionName)

  /** Whether this worker knows the functions that it is about: else it is left to one that does. */
  async function isMine(debt: Debt): Promise<boolean> {
    if (debt.kind === 'look') return functions.some(({ bucket }) => bucket === debt.bucket)
    if (debt.kind !== 'source') return functionOf(debt) !== undefined
    const run = await queue.run(debt.runId)
    const isOurs = run && functions.some((own) => own.bucket === run.payload.bucket && removesSources(own))
    return run?.state !== 'succeeded' || isOurs === true
  }

  async function pay(debt: Debt, looked: Looked, claimed: ClaimedDebt): Promise<boolean> {
    if (debt.kind === 'look') return payLook(debt, looked, claimed)
    if (debt.kind === 'source') {
      const run = await queue.run(debt.runId)
      if (run?.state === 'succeeded' && (await isDoneWith(run))) await removeSource(run.payload)
      return true
    }
    const definition = functionOf(debt)
    if (!definition) return false
    if (debt.kind === 'removed') {
      await lookAtRemoval(debt)
      return true
    }
    const request = { storage, place: placeOf(definition, debt), source: debt }
    if (debt.kind === 'files') await payFiles(request, debt)
    else if (definition.onDelete === 'remove') await removeResult(request, debt)
    return true
  }

  /** What the runtime removes itself brings nothing to light that would have to be run. */
  async function payLook(
    debt: Debt & { kind: 'look' },
    looked: Looked,
    { dueAtMs, atMs }: ClaimedDebt,
  ): Promise<boolean> {
    const { bucket, key, removedVersion } = debt
    const objectId = objectIdOf(bucket, key)
    // A run of what was removed may still commit its result over that of the version which is the latest now.
    if (await isRunning(debt)) return false
    // It was owed before somebody looked.
    if (dueAtMs < (looked.get(objectId) ?? 0)) return true
    if (await queue.isConsumed(objectId, removedVersion)) return true
    const { isUnsettled } = await look(bucket, key)
    if (!isUnsettled) looked.set(objectId, atMs)
    return !isUnsettled
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
    // What the runtime removes itself, or another machine's has, is no deletion that results follow.
    const removal = mayConsume({ bucket, key, sizeBytes: NaN }) ? undefined : await planRemoval(request)
    if (!removal || (await queue.isConsumed(objectIdOf(bucket, key), removal.generation))) return
    const ended = await queue.run(removal.run)
    const success = ended?.endedAtMs !== undefined && { runId: removal.run, endedAtMs: ended.endedAtMs }
    // Before the manifest goes, or nobody would know of its files and of its run.
    const files = filesDebt(debt, removal.attempts, removal.pointers, success || undefined)
    await queue.owe(files, LATER_MS)
    await removeVersions(storage, request.place.bucket, removal.versions)
    await queue.owe(files, 0)
    const object = `${bucket}/${key}`
    log.info({ function: functionName, object }, 'the source was deleted: its result was removed')
  }

  /** Of a result whose manifest has gone: its run, then its files. */
  async function payFiles(request: RemovalRequest, debt: Debt & { kind: 'files' }) {
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
  }

  const mayConsume = (object: Parameters<Router>[0]) =>
    router(object).some(({ definition, mismatch }) => mismatch === undefined && removesSources(definition))

  /**
   * Whether all that the object is for has been done. A dead letter keeps its source: it may be run again. Redis is asked as
   * well as the functions here, since another machine may serve others.
   */
  async function isDoneWith({ payload }: RunRecord): Promise<boolean> {
    const meant = router(payload).filter(({ mismatch }) => mismatch === undefined)
    if (!meant.some(({ definition }) => removesSources(definition))) return false
    for (const { definition } of meant) if (!(await hasSucceeded(definition, payload))) return false
    return !(await queue.hasUnfinished(objectIdOf(payload.bucket, payload.key), payload.generation))
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
        'the source stays: its bucket keeps no versions, so a newer upload could be deleted',
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

  let underWay: Promise<void> | undefined
  return () => {
    const looked: Looked = new Map()
    underWay ??= payAll({ queue, log, isMine, pay: (...args) => pay(args[0], looked, args[1]) }).finally(
      () => {
        underWay = undefined
      },
    )
    return underWay
  }
}
