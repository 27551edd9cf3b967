/** Selects the runs of a reprocess request: of each requested object, those of the functions that match it. @module */
import type { ReprocessRequest } from './model.ts'
import { requestedObjects, type RequestedObject, type RequestedObjectsParts } from './requested-objects.ts'
import { RefusedError } from '../http/problem.ts'
import type { FunctionDefinition } from '../../function/definition.ts'
import { addressed, byOption, shapeOf } from '../../function/valid-options.ts'
import { versionOf, type ObjectVersion } from '../../storage/object-version.ts'
import type { Router } from '../../function/routing.ts'
import { refusal } from '../../output/layout.ts'
import { objectIdOf, runIdOf } from '../../queue/keys.ts'
import type { History } from '../../queue/history.ts'
import type { RerunItem } from '../../queue/queue.ts'
import { isOpen, type RunPayload, type RunRecord } from '../../queue/run.ts'
import type { Storage } from '../../storage/storage.ts'
import { readRecordedOutcome } from '../../output/recorded-outcome.ts'
import type { Limiter } from '../../limiter.ts'

export interface SelectionParts extends RequestedObjectsParts {
  readonly history: History
  readonly router: Router
  readonly functions: readonly FunctionDefinition[]
}

interface SelectedRun extends RerunItem {
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

interface SelectionOptions {
  /** The number of runs to keep; all are counted. */
  readonly keep: number
  readonly limiter: Limiter
  /** Aborted when its client has gone. */
  readonly signal?: AbortSignal | undefined
}

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

  async function choose(objects: readonly RequestedObject[]): Promise<void> {
    const candidates = objects.flatMap((object) => candidatesOf(parts, request, object, passOver))
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

  const groups = requestedObjects(parts, request, passOver)
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

function candidatesOf(
  { router, functions }: SelectionParts,
  request: ReprocessRequest,
  object: RequestedObject,
  passOver: (reason: string) => void,
): readonly SelectedRun[] {
  const routes = router({
    ...object,
    make: request.function === undefined ? object.make : [request.function],
  }).filter(
    ({ definition, mismatch }) =>
      mismatch !== 'bucket' && (request.function === undefined || definition.name === request.function),
  )
  const meant = routes.filter(({ mismatch }) => mismatch === undefined)
  // Given options select the functions that have them; a named function must have them.
  const taking =
    request.function === undefined
      ? meant.filter(({ definition }) => takesOptions(definition, functions, request))
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

/** Bare options select the functions that have all of them; without any, those that are addressed by their names. */
function takesOptions(
  definition: FunctionDefinition,
  functions: SelectionParts['functions'],
  { options = {} }: ReprocessRequest,
): boolean {
  const { bare, own } = addressed(definition, functions, options)
  const names = Object.keys(shapeOf(definition))
  const isAddressed = Object.keys(bare).length > 0 || Object.keys(own).length > 0
  return byOption(names, bare).unknown.length === 0 && (isAddressed || Object.keys(options).length === 0)
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
  const recorded = await readRecordedOutcome(storage, candidate.definition, candidate.payload)
  const isResult = recorded.result?.run === candidate.runId
  const verdict = recorded.verdict?.run === candidate.runId ? recorded.verdict : undefined
  switch (request.status) {
    case 'missing':
      return isResult || (verdict && verdict.state !== 'removed') ? 'known' : undefined
    case 'failed':
      if (record) return record.state === 'dead' || record.state === 'cancelled' ? undefined : 'not-failed'
      return verdict && !isResult && ['dead', 'cancelled'].includes(verdict.state) ? undefined : 'not-failed'
    case 'outdated':
      return recorded.result && recorded.result.functionVersion !== candidate.definition.version
        ? undefined
        : 'not-outdated'
  }
}
