/** Runs objects again on request: selects the runs now and creates a job that adds them to the queue. @module */
import { ulid } from 'ulid'
import type { ReprocessRequest } from './model.ts'
import { RefusedError } from '../http/problem.ts'
import type { FunctionDefinition } from '../../function/definition.ts'
import type { JobRecord, JobStore, NewJob } from '../../queue/jobs.ts'
import type { AskStore } from '../../records/asks.ts'
import { addressed, isAddressedTo, validOptions, wrongOptions } from '../../function/valid-options.ts'
import { overLimit, previewOf, SAMPLE, abridged } from '../jobs/bulk.ts'
import { toJob, type Job, type Preview } from '../jobs/model.ts'
import { select, type Selection, type SelectionParts } from './selection.ts'
import { createLimiter } from '../../limiter.ts'

export interface ReprocessService {
  /**
   * A preview of a dry run, which ends when `signal` is aborted; otherwise the job.
   *
   * @throws {RefusedError} over the limit, nothing to do, conflict when too many requests select objects
   */
  reprocess(request: ReprocessRequest, signal?: AbortSignal): Promise<Preview | Job>
}

export interface ReprocessParts extends SelectionParts {
  readonly functions: readonly FunctionDefinition[]
  readonly jobs: Pick<JobStore, 'create'>
  readonly asks: Pick<AskStore, 'write' | 'withdraw'>
  /** Redis's clock, which makes the epochs of runs. */
  readonly nowMs: () => Promise<number>
  /** Called when a new job waits to be taken up. */
  readonly onJob: () => void
}

/** Steps of all selections at a time: they query the store from the process that also takes in uploads. */
const STEPS_AT_ONCE = 2
const SELECTIONS_AT_ONCE = 16
/** Runs that all selections together keep until their jobs are written: about 1 KB each. */
const KEPT_AT_ONCE = 200_000
/** A request for at most this many runs is never refused because of large ones. */
const FEW = 1_000

export function createReprocessService(parts: ReprocessParts): ReprocessService {
  const limiter = createLimiter(STEPS_AT_ONCE)
  let [selecting, kept] = [0, 0]

  async function selectLimited(request: ReprocessRequest, signal?: AbortSignal): Promise<Selection> {
    const { dryRun, limit, keys } = request
    const named = keys === undefined ? Infinity : keys.length * parts.functions.length
    const keep = dryRun ? SAMPLE : Math.min(limit, named)
    if (selecting >= SELECTIONS_AT_ONCE || (keep > FEW && kept + keep > KEPT_AT_ONCE)) {
      throw new RefusedError(
        'conflict',
        `${selecting} requests are already selecting their objects: nothing was done, try again soon`,
      )
    }
    selecting++
    kept += keep
    return select(parts, request, { keep, limiter, signal: dryRun ? signal : undefined }).finally(() => {
      selecting--
      kept -= keep
    })
  }

  /** In the bucket first: once it is acknowledged it must outlive Redis. */
  async function accept(job: NewJob): Promise<JobRecord> {
    const id = ulid()
    await parts.asks.write(id, await parts.nowMs(), job)
    try {
      return await parts.jobs.create(job, id)
    } catch (error) {
      // Otherwise a request that was answered with an error would be carried out later.
      await parts.asks.withdraw(id).catch(() => undefined)
      throw error
    }
  }

  return {
    async reprocess(request, signal) {
      checkFunction(parts.functions, request)
      const selection = await selectLimited(request, signal)
      if (selection.matched > request.limit) throw overLimit(selection.matched, request.limit)
      checkOptions(parts.functions, request, selection)
      if (request.dryRun) {
        const { runs, matched, totalBytes, passedOver } = selection
        return previewOf(runs, { matched, totalBytes, passedOver: { ...passedOver } })
      }
      if (request.keys && selection.matched === 0) throw nothingToDo(request, selection)
      const job = await accept({
        kind: 'reprocess',
        isForced: request.force,
        request: abridged(request),
        ratePerSecond: request.ratePerSecond,
        items: selection.runs.map(({ definition: _definition, ...item }) => item),
      })
      parts.onJob()
      return toJob(job)
    },
  }
}

/** @throws {RefusedError} for an unknown function, or a bucket that no function reads */
function checkFunction(functions: readonly FunctionDefinition[], request: ReprocessRequest): void {
  const { bucket, function: name } = request
  const named = functions.find((definition) => definition.name === name)
  if (name !== undefined && !named) {
    throw new RefusedError(
      'impossible',
      `function: there is no function "${name}"; available: ${namesOf(functions)}`,
    )
  }
  if (named && named.bucket !== bucket) {
    throw new RefusedError(
      'impossible',
      `function: "${named.name}" reads the bucket "${named.bucket}", not "${bucket}"`,
    )
  }
  if (!functions.some((definition) => definition.bucket === bucket)) {
    const buckets = [...new Set(functions.map((definition) => definition.bucket))].join(', ')
    throw new RefusedError('impossible', `bucket: no function reads "${bucket}"; functions read ${buckets}`)
  }
}

/** @throws {RefusedError} when no function that the request is for has its options, or they are invalid for one that has */
function checkOptions(
  functions: readonly FunctionDefinition[],
  { options, bucket, function: only }: ReprocessRequest,
  { definitions, matched, passedOver }: Selection,
): void {
  if (!options) return
  const ofOthers = Object.keys(options).filter(
    (option) =>
      only !== undefined && functions.some(({ name }) => name !== only && isAddressedTo(name, option)),
  )
  if (ofOthers.length > 0)
    throw new RefusedError(
      'impossible',
      `options: the request is for ${only} alone, and not for ${ofOthers.join(', ')}`,
    )
  const asked = functions.filter(
    ({ name, trigger, bucket: from }) =>
      only === undefined &&
      from === bucket &&
      trigger === 'asked' &&
      Object.keys(options).some((option) => isAddressedTo(name, option)),
  )
  if (matched === 0 && passedOver['no-such-option'] && asked.length > 0) {
    const names = namesOf(asked)
    throw new RefusedError(
      'impossible',
      `options: ${Object.keys(options).join(', ')}: ${names} ${asked.length === 1 ? 'runs' : 'run'} only when asked, and none of these objects asks for ${asked.length === 1 ? 'it' : 'them'}: name the function as well ("function": "${asked[0]?.name}", or --function ${asked[0]?.name})`,
    )
  }
  if (matched === 0 && passedOver['no-such-option']) {
    const readers = functions.filter((definition) => definition.bucket === bucket)
    const valid = readers.map((definition) => `${definition.name}: ${validOptions(definition)}`).join('; ')
    throw new RefusedError(
      'impossible',
      `options: no function has all of ${Object.keys(options).join(', ')}; valid: ${valid}`,
    )
  }
  for (const definition of definitions) {
    const { bare, own } = addressed(definition, functions, options)
    const wrong = wrongOptions(definition, { ...bare, ...own })
    if (wrong.length > 0)
      throw new RefusedError('impossible', `options: ${wrong.join('; ')}; valid: ${validOptions(definition)}`)
  }
}

function namesOf(functions: readonly FunctionDefinition[]): string {
  return functions.map(({ name }) => name).join(', ')
}

function nothingToDo({ bucket, keys = [] }: ReprocessRequest, { passedOver }: Selection): RefusedError {
  const what = keys.length === 1 ? `${bucket}/${keys[0] ?? ''}` : `none of ${keys.length} objects`
  const reasons = Object.keys(passedOver)
  const details = { passedOver }
  if (reasons.every((reason) => reason === 'not-found')) {
    return new RefusedError('not-found', `${what}: there is no such object (any more)`, details)
  }
  if (reasons.includes('busy')) {
    return new RefusedError(
      'conflict',
      `${what}: its run is already queued or running; use "force" to restart it`,
      details,
    )
  }
  return new RefusedError('impossible', `${what}: nothing to run (${reasons.join(', ')})`, details)
}
