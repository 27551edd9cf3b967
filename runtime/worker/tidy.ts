/** Pays the debts of `queue/debts.ts`: removes sources that are done with, and results whose source is gone. @module */
import { messageOf } from '../errors.ts'
import type { FunctionDefinition } from '../function.ts'
import type { Router } from '../intake/routing.ts'
import type { Logger } from '../logger.ts'
import { readCurrent } from '../output/current.ts'
import {
  planRemoval,
  removeFiles,
  removeVersions,
  versionsOf,
  type RemovalRequest,
} from '../output/removal.ts'
import { filesDebt, lookDebt, parseDebt, type Debt } from '../queue/debts.ts'
import { objectIdOf, runIdOf } from '../queue/keys.ts'
import type { Queue } from '../queue/queue.ts'
import type { RunPayload, RunRecord } from '../queue/run.ts'
import type { Storage } from '../storage/storage.ts'
import { MINUTE_MS } from '../time.ts'
import { placeOf } from './attempt/manifest-of.ts'

const AT_ONCE = 100
/** After which a debt is tried again that could not be paid, or that is another worker's to pay. */
const LATER_MS = 5 * MINUTE_MS

export interface TidyParts {
  readonly queue: Queue
  readonly storage: Storage
  readonly functions: readonly FunctionDefinition[]
  readonly router: Router
  /** Sees to what is the latest version of an object now; whether that is to be done once more. */
  readonly look: (bucket: string, key: string) => Promise<{ readonly isUnsettled: boolean }>
  readonly log: Logger
}

/** Pays what is owed now. What cannot be paid stays owed for later, and is told of. */
export function createTidy({ queue, storage, functions, router, look, log }: TidyParts): () => Promise<void> {
  /** False when this worker does not know the function that it is about: who does will pay; and when it was too early. */
  async function pay(debt: Debt, looked: Set<string>): Promise<boolean> {
    if (debt.kind === 'look') return payLook(debt, looked)
    if (debt.kind === 'source') {
      const run = await queue.run(debt.runId)
      if (run?.state === 'succeeded' && (await isDoneWith(run))) await removeSource(run.payload)
      return true
    }
    const definition = functions.find(({ name }) => name === debt.functionName)
    if (!definition) return false
    const request = { storage, place: placeOf(definition, debt), source: debt }
    if (debt.kind === 'files') await removeFiles(request, debt)
    else if (definition.onDelete === 'remove') await removeResult(request, debt)
    return true
  }

  /**
   * What the runtime removes itself brings nothing to light that would have to be run.
   *
   * @param looked - objects that were looked at since the debt was read, so that a thousand removed versions cost one look
   */
  async function payLook(debt: Debt & { kind: 'look' }, looked: Set<string>): Promise<boolean> {
    const { bucket, key, removedVersion } = debt
    if (!functions.some((definition) => definition.bucket === bucket)) return false
    const objectId = objectIdOf(bucket, key)
    // A run of what was removed may still commit its result over that of the version which is the latest now.
    if (await isRunning(debt)) return false
    if (looked.has(objectId) || (await queue.isConsumed(objectId, removedVersion))) return true
    const { isUnsettled } = await look(bucket, key)
    if (!isUnsettled) looked.add(objectId)
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
    const mayConsume = router({ bucket, key, sizeBytes: NaN }).some(
      ({ definition, mismatch }) => mismatch === undefined && definition.afterSuccess === 'remove',
    )
    const removal = mayConsume ? undefined : await planRemoval(request)
    if (!removal || (await queue.isConsumed(objectIdOf(bucket, key), removal.generation))) return
    // Before the manifest goes, or nobody would know of its files.
    const files = filesDebt(debt, removal.attempts, removal.pointers)
    await queue.owe(files, LATER_MS)
    await removeVersions(storage, request.place.bucket, removal.versions)
    await queue.owe(files, 0)
    await queue.resultRemoved(removal.run, 'its source was removed, and so was its result')
    // It may have come back while its result went.
    await queue.owe(lookDebt(bucket, key, '', removal.run), 0)
    const object = `${bucket}/${key}`
    log.info({ function: functionName, object }, 'the source was deleted: its result was removed')
  }

  /**
   * Whether all that the object is for has been done. A dead letter keeps its source: it may be run again. Redis is asked as
   * well as the functions here, since another machine may serve others.
   */
  async function isDoneWith({ payload }: RunRecord): Promise<boolean> {
    const meant = router(payload).filter(({ mismatch }) => mismatch === undefined)
    if (!meant.some(({ definition }) => definition.afterSuccess === 'remove')) return false
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

  async function payOne(text: string, looked: Set<string>): Promise<void> {
    try {
      if (await pay(parseDebt(text), looked)) return await queue.debtPaid(text)
    } catch (error) {
      log.warn({ debt: text, error: messageOf(error) }, 'could not be cleaned away: it is tried again later')
    }
    await queue.owe(text, LATER_MS)
  }

  async function payAll(): Promise<void> {
    for (;;) {
      const debts = await queue.debts(AT_ONCE)
      const looked = new Set<string>()
      for (const text of debts) await payOne(text, looked)
      if (debts.length < AT_ONCE) return
    }
  }

  let underWay: Promise<void> | undefined
  return () => {
    underWay ??= payAll().finally(() => {
      underWay = undefined
    })
    return underWay
  }
}
