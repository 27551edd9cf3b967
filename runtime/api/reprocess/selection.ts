/** Selects the runs of a reprocess request: the store lists the objects, the definitions tell which functions match them. @module */
import { batchesOf } from '../../amounts.ts'
import type { ReprocessRequest } from './model.ts'
import { RefusedError } from '../http/problem.ts'
import type { FunctionDefinition } from '../../function/definition.ts'
import { generationOf, versionOf, type ObjectVersion } from '../../storage/object-version.ts'
import type { Router } from '../../function/routing.ts'
import { refusal } from '../../output/layout.ts'
import { objectIdOf, runIdOf } from '../../queue/keys.ts'
import type { History } from '../../queue/history.ts'
import type { AgainItem } from '../../queue/queue.ts'
import { isOpen, type RunPayload, type RunRecord } from '../../queue/run.ts'
import type { Storage } from '../../storage/storage.ts'
import { latestVersion } from '../../storage/latest.ts'
import { readRecordedOutcome } from '../../output/recorded-outcome.ts'
import type { Limiter } from '../limiter.ts'

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
  /** The first matches, at most `keep`. */
  readonly runs: readonly SelectedRun[]
  readonly matched: number
  readonly totalBytes: number
  /** Of all matches. */
  readonly definitions: readonly FunctionDefinition[]
  /** Objects or their runs that are left out, counted by reason. */
  readonly passedOver: Readonly<Record<string, number>>
}

export interface SelectionOptions {
  /** The number of runs to keep; all are counted. */
  readonly keep: number
  readonly limiter: Limiter
  /** Aborted when its client has gone. */
  readonly signal?: AbortSignal | undefined
}

/** Objects examined in one step: a few requests to the store at a time, and one read of Redis. */
const AT_ONCE = 16
/** Entries of a listing in one step, older versions included: one page of MinIO's. */
const LISTED_AT_ONCE = 1_000
/** Objects and older versions below a prefix: listing so many takes minutes, in the process that also takes uploads in. */
const MAX_OBJECTS = 1_000_000

/** @throws {RefusedError} impossible when the prefix has too many objects to examine, conflict when the client has gone */
export async function select(
  parts: SelectionParts,
  request: ReprocessRequest,
  { keep, limiter, signal }: SelectionOptions,
): Promise<Selection> {
  const runs: SelectedRun[] = []
  const definitions = new Set<FunctionDefinition>()
  let [matched, totalBytes] = [0, 0]
  const passedOver: Record<string, number> = {}
  const passOver = (reason: string) => {
    passedOver[reason] = (passedOver[reason] ?? 0) + 1
  }

  async function choose(objects: readonly ObjectVersion[]): Promise<void> {
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
      definitions.add(candidate.definition)
      if (runs.length < keep) runs.push(candidate)
    }
  }

  const groups = objectsOf(parts, request, passOver)
  const step = async () => {
    if (signal?.aborted)
      throw new RefusedError('conflict', 'the dry run was aborted: its client disconnected')
    const { done, value } = await groups.next()
    if (!done) await choose(value)
    return done
  }
  while (!(await limiter.step(step)));
  return { runs, matched, totalBytes, definitions: [...definitions], passedOver }
}

/** In groups, which may be empty, so that one step examines few objects however few of them match. */
async function* objectsOf(
  { storage, maxObjects = MAX_OBJECTS }: SelectionParts,
  request: ReprocessRequest,
  passOver: (reason: string) => void,
): AsyncGenerator<readonly ObjectVersion[]> {
  const { bucket, keys, prefix = '' } = request
  const after = request.uploadedAfter === undefined ? -Infinity : Date.parse(request.uploadedAfter)
  const before = request.uploadedBefore === undefined ? Infinity : Date.parse(request.uploadedBefore)
  const found = keys
    ? namedObjects(storage, bucket, keys, passOver)
    : listedObjects(storage, bucket, prefix, maxObjects)
  for await (const group of found)
    yield group.filter(({ lastModifiedMs }) => lastModifiedMs >= after && lastModifiedMs < before)
}

async function* namedObjects(
  storage: Storage,
  bucket: string,
  keys: readonly string[],
  passOver: (reason: string) => void,
): AsyncGenerator<readonly ObjectVersion[]> {
  for (const group of batchesOf([...new Set(keys)], AT_ONCE)) {
    const found = await Promise.all(group.map((key) => latestVersion(storage, bucket, key)))
    const objects = found.filter((object) => object !== undefined)
    for (let missing = objects.length; missing < found.length; missing++) passOver('not-found')
    yield objects
  }
}

async function* listedObjects(
  storage: Storage,
  bucket: string,
  prefix: string,
  maxObjects: number,
): AsyncGenerator<readonly ObjectVersion[]> {
  let examined = 0
  let group: ObjectVersion[] = []
  for await (const listed of storage.list(bucket, { prefix, versions: true })) {
    if (++examined > maxObjects) {
      const count = maxObjects.toLocaleString('en')
      throw new RefusedError(
        'impossible',
        `prefix: there are more than ${count} objects (with older versions) under ${bucket}/${prefix}: use a longer prefix`,
      )
    }
    if (listed.isLatest && !listed.isDeleteMarker)
      group.push(versionOf({ ...listed, bucket, generation: generationOf(listed) }))
    if (group.length < AT_ONCE && examined % LISTED_AT_ONCE !== 0) continue
    yield group
    group = []
  }
  yield group
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
  // Given options select the functions that have them; a named function must have them.
  const taking =
    request.function === undefined
      ? meant.filter(({ definition }) => takesOptions(definition, request))
      : meant
  // An object is passed over once, however many functions do not match it, with the most telling reason.
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
      // A requested run is as old as its request.
      eventTimeMs: Date.now(),
      ...(options && { options }),
    },
  }
}

/** The reason to leave a run out; undefined to include it. */
async function whyNot(
  storage: Storage,
  request: ReprocessRequest,
  candidate: SelectedRun,
  record: RunRecord | undefined,
): Promise<string | undefined> {
  if (record && isOpen(record.state) && !request.force) return 'busy'
  if (request.status === 'any') return undefined
  // The result of a success may be gone by now.
  if (request.status === 'missing' && record && record.state !== 'succeeded') return 'known'
  const standing = await readRecordedOutcome(storage, candidate.definition, candidate.payload)
  const isResult = standing.result?.run === candidate.runId
  const verdict = standing.verdict?.run === candidate.runId ? standing.verdict : undefined
  switch (request.status) {
    case 'missing':
      return isResult || (verdict && verdict.state !== 'removed') ? 'known' : undefined
    case 'failed':
      if (record) return record.state === 'dead' || record.state === 'cancelled' ? undefined : 'not-failed'
      return verdict && !isResult && ['dead', 'cancelled'].includes(verdict.state) ? undefined : 'not-failed'
    case 'outdated':
      return standing.result && standing.result.functionVersion !== candidate.definition.version
        ? undefined
        : 'not-outdated'
  }
}
