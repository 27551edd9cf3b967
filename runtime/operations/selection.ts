/** Which runs a reprocess request means: the store says which objects there are, the definitions which functions are for them. @module */
import type { ReprocessRequest } from '../api/model/job.ts'
import { RefusedError } from '../api/services.ts'
import type { FunctionDefinition } from '../function.ts'
import { generationOf, versionOf, type ObjectVersion } from '../storage/object-version.ts'
import type { Router } from '../intake/routing.ts'
import { refusal } from '../output/layout.ts'
import { objectIdOf, runIdOf } from '../queue/keys.ts'
import type { History } from '../queue/history.ts'
import type { AgainItem } from '../queue/queue.ts'
import { isOpen, type RunPayload, type RunRecord } from '../queue/run.ts'
import type { Storage } from '../storage/storage.ts'
import { latestVersion } from '../storage/latest-version.ts'
import { readStanding } from '../output/standing.ts'

export interface SelectionParts {
  readonly storage: Storage
  readonly history: History
  readonly router: Router
  /** @defaultValue 1,000,000 */
  readonly maxObjects?: number
}

export interface SelectedRun extends AgainItem {
  readonly definition: FunctionDefinition
  readonly functionName: string
  readonly payload: RunPayload
}

export interface Selection {
  /** The first ones, as many as the request's limit. */
  readonly runs: readonly SelectedRun[]
  readonly matched: number
  readonly totalBytes: number
  /** Objects, or runs of theirs, that are left out, by reason. */
  readonly passedOver: Readonly<Record<string, number>>
}

/** Objects that are looked at together: a few requests to the store go on at a time, and one reading of Redis. */
const AT_ONCE = 16
/** Objects and older versions below a prefix: listing so many takes minutes, in the process that also takes uploads in. */
const MAX_OBJECTS = 1_000_000

/** @throws {RefusedError} 422 when too many objects lie below the prefix to be looked at */
export async function select(parts: SelectionParts, request: ReprocessRequest): Promise<Selection> {
  const runs: SelectedRun[] = []
  let [matched, totalBytes] = [0, 0]
  const passedOver: Record<string, number> = {}
  const passOver = (reason: string) => {
    passedOver[reason] = (passedOver[reason] ?? 0) + 1
  }

  for await (const objects of inGroups(objectsOf(parts, request, passOver), AT_ONCE)) {
    const candidates = objects.flatMap((object) => candidatesOf(parts.router, request, object, passOver))
    const records = await parts.history.runs(candidates.map(({ runId }) => runId))
    const reasons = await Promise.all(
      candidates.map((candidate, index) => whyNot(parts.storage, request, candidate, records[index])),
    )
    for (const [index, candidate] of candidates.entries()) {
      const reason = reasons[index]
      if (reason !== undefined) {
        passOver(reason)
        continue
      }
      matched++
      totalBytes += candidate.payload.sizeBytes
      if (runs.length < request.limit) runs.push(candidate)
    }
  }
  return { runs, matched, totalBytes, passedOver }
}

async function* objectsOf(
  { storage, maxObjects = MAX_OBJECTS }: SelectionParts,
  request: ReprocessRequest,
  passOver: (reason: string) => void,
): AsyncGenerator<ObjectVersion> {
  const { bucket, keys, prefix = '' } = request
  const after = request.uploadedAfter === undefined ? -Infinity : Date.parse(request.uploadedAfter)
  const before = request.uploadedBefore === undefined ? Infinity : Date.parse(request.uploadedBefore)
  const found = keys
    ? namedObjects(storage, bucket, keys, passOver)
    : listedObjects(storage, bucket, prefix, maxObjects)
  for await (const object of found) {
    if (object.lastModifiedMs >= after && object.lastModifiedMs < before) yield object
  }
}

async function* namedObjects(
  storage: Storage,
  bucket: string,
  keys: readonly string[],
  passOver: (reason: string) => void,
): AsyncGenerator<ObjectVersion> {
  const unique = [...new Set(keys)]
  for (let at = 0; at < unique.length; at += AT_ONCE) {
    const group = unique.slice(at, at + AT_ONCE)
    for (const object of await Promise.all(group.map((key) => latestVersion(storage, bucket, key)))) {
      if (object) yield object
      else passOver('not-found')
    }
  }
}

async function* listedObjects(
  storage: Storage,
  bucket: string,
  prefix: string,
  maxObjects: number,
): AsyncGenerator<ObjectVersion> {
  let looked = 0
  for await (const listed of storage.list(bucket, { prefix, versions: true })) {
    if (++looked > maxObjects) {
      const count = maxObjects.toLocaleString('en')
      throw new RefusedError(
        422,
        `prefix: more than ${count} objects (with their older versions) lie below ${bucket}/${prefix}: ask for a longer prefix`,
      )
    }
    if (!listed.isLatest || listed.isDeleteMarker) continue
    yield versionOf({ ...listed, bucket, generation: generationOf(listed) })
  }
}

function candidatesOf(
  router: Router,
  request: ReprocessRequest,
  object: ObjectVersion,
  passOver: (reason: string) => void,
): readonly SelectedRun[] {
  const routes = router(object).filter(
    ({ definition, mismatch }) =>
      mismatch !== 'bucket' && (request.function === undefined || definition.name === request.function),
  )
  const meant = routes.filter(({ mismatch }) => mismatch === undefined)
  // Options that are given choose the functions that have them; a function that is named has to have them.
  const taking =
    request.function === undefined
      ? meant.filter(({ definition }) => takesOptions(definition, request))
      : meant
  // An object is passed over once, whatever number of functions it is not for: for the most telling reason.
  if (meant.length === 0) {
    const reasons = routes.map(({ mismatch }) => mismatch)
    passOver(reasons.find((reason) => reason !== 'pattern') ?? reasons[0] ?? 'no-function')
  } else if (refusal(object.key) !== undefined) {
    passOver('reserved')
    return []
  }
  if (meant.length > 0 && taking.length === 0) passOver('no-such-option')
  return taking.map(({ definition }) => selectedRun(definition, object, request.options))
}

function takesOptions({ options }: FunctionDefinition, request: ReprocessRequest): boolean {
  const names = Object.keys(options.shape).map((name) => name.toLowerCase())
  return Object.keys(request.options ?? {}).every((name) => names.includes(name.toLowerCase()))
}

function selectedRun(
  definition: FunctionDefinition,
  object: ObjectVersion,
  options: ReprocessRequest['options'],
): SelectedRun {
  const { bucket, key, generation } = object
  return {
    definition,
    runId: runIdOf(definition.name, bucket, key, generation),
    functionName: definition.name,
    objectId: objectIdOf(bucket, key),
    payload: {
      ...versionOf(object),
      // What is asked for now is as old as the request.
      eventTimeMs: Date.now(),
      ...(options && { options }),
    },
  }
}

/** Why a run is not meant; undefined when it is. */
async function whyNot(
  storage: Storage,
  request: ReprocessRequest,
  candidate: SelectedRun,
  record: RunRecord | undefined,
): Promise<string | undefined> {
  if (record && isOpen(record.state) && !request.force) return 'busy'
  if (request.status === 'any') return undefined
  if (request.status === 'missing' && record) return 'known'
  const standing = await readStanding(storage, candidate.definition, candidate.payload)
  const isResult = standing.result?.run === candidate.runId
  const verdict = standing.verdict?.run === candidate.runId ? standing.verdict : undefined
  switch (request.status) {
    case 'missing':
      return isResult || verdict ? 'known' : undefined
    case 'failed':
      if (record) return record.state === 'dead' || record.state === 'cancelled' ? undefined : 'not-failed'
      return verdict && !isResult && ['dead', 'cancelled'].includes(verdict.state) ? undefined : 'not-failed'
    case 'outdated':
      return standing.result && standing.result.functionVersion !== candidate.definition.version
        ? undefined
        : 'not-outdated'
  }
}

async function* inGroups<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<readonly T[]> {
  let group: T[] = []
  for await (const item of items) {
    group.push(item)
    if (group.length < size) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}
