/** Pays the debts of `debts.ts`: removes sources that are done with, and results whose source is gone. @module */
import { messageOf } from '../errors.ts'
import type { FunctionDefinition } from '../function.ts'
import type { Router } from '../intake/routing.ts'
import type { Logger } from '../logger.ts'
import { readCurrent } from '../output/current.ts'
import { removeResult, removeVersions, versionsOf } from '../output/removal.ts'
import { runIdOf } from '../queue/keys.ts'
import type { Queue } from '../queue/queue.ts'
import type { RunPayload, RunRecord } from '../queue/run.ts'
import { compareWithLatest } from '../storage/latest.ts'
import type { Storage } from '../storage/storage.ts'
import { placeOf } from './attempt/manifest-of.ts'
import { parseDebt, type Debt } from '../queue/debts.ts'

const AT_ONCE = 100

export interface TidyParts {
  readonly queue: Queue
  readonly storage: Storage
  readonly functions: readonly FunctionDefinition[]
  readonly router: Router
  readonly log: Logger
}

/** Pays some of what is owed. What cannot be paid stays owed, and is told of. */
export function createTidy({ queue, storage, functions, router, log }: TidyParts): () => Promise<void> {
  async function pay(debt: Debt): Promise<void> {
    if (debt.kind === 'results') {
      await removeResults(debt)
      return
    }
    const run = await queue.run(debt.runId)
    if (run?.state === 'succeeded' && (await isDoneWith(run))) await removeSource(run.payload)
  }

  async function removeResults({ bucket, key }: { bucket: string; key: string }): Promise<void> {
    const readers = functions.filter((each) => each.bucket === bucket && each.onDelete === 'remove')
    for (const definition of readers) {
      const source = { bucket, key }
      if (await removeResult({ storage, place: placeOf(definition, source), source })) {
        const object = `${bucket}/${key}`
        log.info({ function: definition.name, object }, 'the source was deleted: its result was removed')
      }
    }
  }

  /** Whether all that the object is for has been done. A dead letter keeps its source: it may be run again. */
  async function isDoneWith({ payload }: RunRecord): Promise<boolean> {
    const meant = router(payload).filter(({ mismatch }) => mismatch === undefined)
    if (!meant.some(({ definition }) => definition.afterSuccess === 'remove')) return false
    for (const { definition } of meant) if (!(await hasSucceeded(definition, payload))) return false
    return true
  }

  async function hasSucceeded(definition: FunctionDefinition, payload: RunPayload): Promise<boolean> {
    const { bucket, key, generation } = payload
    const runId = runIdOf(definition.name, bucket, key, generation)
    const run = await queue.run(runId)
    if (run) return run.state === 'succeeded'
    const current = await readCurrent(storage, placeOf(definition, payload))
    return current !== undefined && current.identity !== 'foreign' && current.identity.run === runId
  }

  /** This version, and what is older: else an older upload would come to light, and would be run. */
  async function removeSource(payload: RunPayload): Promise<void> {
    const { bucket, key, versionId } = payload
    if (versionId === undefined) {
      if ((await compareWithLatest(storage, payload)).kind !== 'same') return
      await storage.remove(bucket, key)
    } else {
      const versions = await versionsOf(storage, bucket, key)
      const own = versions.findIndex((version) => version.versionId === versionId)
      if (own >= 0) await removeVersions(storage, bucket, versions.slice(own))
      // A listing does not show every key (list.ts).
      else await storage.remove(bucket, key, { versionId })
    }
    log.info({ object: `${bucket}/${key}` }, 'all its functions have succeeded: the source was removed')
  }

  let underWay: Promise<void> | undefined
  async function paySome(): Promise<void> {
    for (const text of await queue.debts(AT_ONCE)) {
      try {
        await pay(parseDebt(text))
        await queue.debtPaid(text)
      } catch (error) {
        log.warn({ debt: text, error: messageOf(error) }, 'could not be cleaned away yet; it is tried again')
      }
    }
  }
  return () => {
    underWay ??= paySome().finally(() => {
      underWay = undefined
    })
    return underWay
  }
}
