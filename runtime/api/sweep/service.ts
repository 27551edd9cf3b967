/** The sweep on demand: a request that waits in Redis until a process takes it up, or a dry run that is answered at once. @module */
import { ulid } from 'ulid'
import { toTime } from '../http/page.ts'
import type { Sweep, SweepPass, SweepPreview, SweepRequest } from './model.ts'
import { RefusedError } from '../http/problem.ts'
import { StorageError } from '../../storage/errors.ts'
import { newPass } from '../../upkeep/sweep/due.ts'
import type { Healed } from '../../upkeep/sweep/heal.ts'
import { paced } from '../../upkeep/sweep/due.ts'
import { steps, type PassParts } from '../../upkeep/sweep/pass.ts'
import type { Pass, SweepStore, PassRequest } from '../../queue/sweeps.ts'
import { SECOND_MS } from '../../time.ts'
import { createLimiter, stepwise } from '../../limiter.ts'

export interface SweepService {
  view(): Promise<Sweep>
  /**
   * A preview of a dry run, which ends when `signal` is aborted; otherwise the pass that waits.
   *
   * @throws {RefusedError} conflict when too many wait, impossible for a wrong bucket or too many objects
   */
  sweep(request: SweepRequest, signal?: AbortSignal): Promise<SweepPreview | SweepPass>
}

export interface SweepServiceParts extends PassParts {
  readonly store: SweepStore
  /** @defaultValue 1,000,000 */
  readonly maxObjects?: number
  /** A store that does not answer within this time is away. @defaultValue 5 s */
  readonly patienceMs?: number
}

const SAMPLE = 10
/** They take turns step by step, so that one of a few objects need not wait for one of a million. */
const DRY_RUNS_AT_ONCE = 8
/** No client waits for a dry run through all retries of a store that is away. */
const PATIENCE_MS = 5 * SECOND_MS
/** Listing this many takes minutes, in the process that also takes in uploads. */
const MAX_OBJECTS = 1_000_000

export function createSweepService(parts: SweepServiceParts): SweepService {
  const { queue, store, functions, maxObjects = MAX_OBJECTS, patienceMs = PATIENCE_MS } = parts
  const limiter = createLimiter(1)
  let previewing = 0

  async function preview(request: SweepRequest, signal: AbortSignal): Promise<SweepPreview> {
    const asked = passRequestOf(request)
    const state = await store.read()
    let pass = newPass(
      '',
      { kind: asked.kind, cause: 'request', request: asked },
      state,
      parts.graceMs,
      await queue.nowMs(),
    )
    const sample: Healed[] = []
    for await (const step of paced(stepwise(limiter, steps(parts, pass, true)), signal)) {
      pass = step.pass
      sample.push(...step.healed.slice(0, SAMPLE - sample.length))
      if (pass.objects > maxObjects) {
        const count = maxObjects.toLocaleString('en')
        throw new RefusedError(
          'impossible',
          `more than ${count} objects would be checked: limit it to a bucket or a prefix`,
        )
      }
    }
    // The client no longer reads the answer.
    if (signal.aborted) throw new RefusedError('conflict', 'the dry run was aborted: its client disconnected')
    return {
      ...shapeOf(pass),
      sample: sample.map(({ functionName, ...rest }) => ({ ...rest, function: functionName })),
    }
  }

  /** @throws {StorageError} when the store does not accept the prefix, or the requested bucket does not exist */
  async function checkStore({ bucket, prefix, dryRun }: SweepRequest): Promise<void> {
    // Without a bucket or prefix the pass itself reports problems; a client waits for a dry run only.
    if (bucket === undefined && prefix === undefined && !dryRun) return
    const signal = AbortSignal.timeout(patienceMs)
    const buckets = new Set(functions.map((definition) => definition.bucket))
    for (const name of bucket === undefined ? buckets : [bucket]) {
      try {
        const options = { prefix: prefix ?? '', versions: true, pageSize: 1, signal }
        for await (const _ of parts.storage.list(name, options)) break
      } catch (error) {
        // One of several buckets may be missing: the pass reports it.
        if (bucket === undefined && error instanceof StorageError && error.isSetUp) continue
        throw error
      }
    }
  }

  return {
    async view() {
      const { requests = [], pass, full, recent, failed, ended = [] } = await store.read()
      const marks = [full, recent, failed].filter((each) => each !== undefined)
      const known = [...(pass ? [pass] : []), ...ended, ...marks]
      const unique = [...new Map(known.map((each) => [each.id, toPass(each)])).values()]
      return { passes: [...requests.map(waiting), ...unique] }
    },

    async sweep(request, signal = new AbortController().signal) {
      const { bucket } = request
      if (bucket !== undefined && !functions.some((definition) => definition.bucket === bucket)) {
        const buckets = [...new Set(functions.map((definition) => definition.bucket))].join(', ')
        throw new RefusedError(
          'impossible',
          `bucket: no function reads "${bucket}"; functions read ${buckets}`,
        )
      }
      await checkStore(request)
      if (request.dryRun) {
        if (previewing >= DRY_RUNS_AT_ONCE)
          throw new RefusedError('conflict', `${previewing} dry runs are already in progress: try again soon`)
        previewing++
        return preview(request, signal).finally(() => {
          previewing--
        })
      }
      const accepted = await store.ask(passRequestOf(request))
      if (!accepted)
        throw new RefusedError('conflict', 'too many sweeps are already waiting: try again later')
      return waiting(accepted)
    },
  }
}

function passRequestOf({ kind, bucket, prefix }: SweepRequest): PassRequest {
  return { id: ulid(), kind, ...(bucket !== undefined && { bucket }), ...(prefix && { prefix }) }
}

function waiting(asked: PassRequest): SweepPass {
  return { ...asked, cause: 'request', status: 'waiting', objects: 0, runs: 0, healed: {}, reported: {} }
}

function toPass(pass: Pass): SweepPass {
  const { id, cause, startedAtMs, endedAtMs } = pass
  return {
    id,
    cause,
    status: endedAtMs === undefined ? 'running' : pass.failure === undefined ? 'done' : 'failed',
    ...shapeOf(pass),
    startedAt: toTime(startedAtMs),
    ...(endedAtMs !== undefined && { endedAt: toTime(endedAtMs) }),
  }
}

function shapeOf({ kind, bucket, prefix, objects, runs, healed, reported, left, failure }: Pass) {
  return {
    kind,
    ...(bucket !== undefined && { bucket }),
    ...(prefix !== undefined && { prefix }),
    objects,
    runs,
    healed: withoutHoles(healed),
    reported: withoutHoles(reported),
    ...(left && {
      left: left.map(({ functionName, ...rest }) => ({
        ...rest,
        ...(functionName !== undefined && { function: functionName }),
      })),
    }),
    ...(failure !== undefined && { failure }),
  }
}

function withoutHoles(counts: Readonly<Record<string, number | undefined>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count ?? 0]))
}
