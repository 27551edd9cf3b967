/** The sweep on demand: a wish that lies in Redis until a process takes it up, or a dry run that is answered at once. @module */
import type { Redis } from 'ioredis'
import { ulid } from 'ulid'
import { toTime } from '../api/model/page.ts'
import type { SweepPass, SweepPreview, SweepRequest } from '../api/model/sweep.ts'
import { RefusedError, type SweepService } from '../api/services.ts'
import { newPass } from '../sweep/due.ts'
import type { Healed } from '../sweep/heal.ts'
import { steps, type PassParts } from '../sweep/pass.ts'
import { createSweepStore, type Pass, type Wish } from '../sweep/store.ts'

export interface SweepServiceParts extends PassParts {
  readonly redis: Redis
  /** @defaultValue 1,000,000 */
  readonly maxObjects?: number
}

const SAMPLE = 10
/** Listing so many takes minutes, in the process that also takes uploads in. */
const MAX_OBJECTS = 1_000_000

export function createSweepService(parts: SweepServiceParts): SweepService {
  const { queue, functions, maxObjects = MAX_OBJECTS } = parts
  const store = createSweepStore(parts.redis, queue)
  let isTrying = false

  async function preview(request: SweepRequest): Promise<SweepPreview> {
    const wish = wishOf(request)
    const state = await store.read()
    let pass = newPass(
      '',
      { kind: wish.kind, cause: 'request', wish },
      state,
      parts.graceMs,
      await queue.nowMs(),
    )
    const sample: Healed[] = []
    for await (const step of steps(parts, pass, true)) {
      pass = step.pass
      sample.push(...step.healed.slice(0, SAMPLE - sample.length))
      if (pass.objects > maxObjects) {
        const count = maxObjects.toLocaleString('en')
        throw new RefusedError(
          422,
          `more than ${count} objects are to be looked at: ask for a bucket or a prefix`,
        )
      }
    }
    return {
      ...shapeOf(pass),
      sample: sample.map(({ functionName, ...rest }) => ({ ...rest, function: functionName })),
    }
  }

  return {
    async view() {
      const { wish, pass, full, recent, asked } = await store.read()
      const ended = [full, recent, asked].filter((each) => each !== undefined)
      const known = [...(pass ? [toPass(pass)] : []), ...ended.map(toPass)]
      const unique = [...new Map(known.map((each) => [each.id, each])).values()]
      return { passes: [...(wish ? [waiting(wish)] : []), ...unique] }
    },

    async sweep(request) {
      const { bucket } = request
      if (bucket !== undefined && !functions.some((definition) => definition.bucket === bucket)) {
        const buckets = [...new Set(functions.map((definition) => definition.bucket))].join(', ')
        throw new RefusedError(422, `bucket: no function reads "${bucket}"; functions read ${buckets}`)
      }
      if (request.dryRun) {
        if (isTrying) throw new RefusedError(409, 'a dry run is under way already: try again soon')
        isTrying = true
        return preview(request).finally(() => {
          isTrying = false
        })
      }
      const wish = wishOf(request)
      const taken = await store.ask(wish)
      if (!isSameWish(wish, taken))
        throw new RefusedError(409, 'another sweep was asked for and has not begun yet: try again soon')
      return waiting(taken)
    },
  }
}

function wishOf({ kind, bucket, prefix }: SweepRequest): Wish {
  return { id: ulid(), kind, ...(bucket !== undefined && { bucket }), ...(prefix && { prefix }) }
}

function isSameWish(a: Wish, b: Wish): boolean {
  return a.kind === b.kind && a.bucket === b.bucket && a.prefix === b.prefix
}

function waiting(wish: Wish): SweepPass {
  return { ...wish, cause: 'request', status: 'waiting', objects: 0, runs: 0, healed: {}, reported: {} }
}

function toPass(pass: Pass): SweepPass {
  const { id, cause, startedAtMs, endedAtMs } = pass
  return {
    id,
    cause,
    status: endedAtMs === undefined ? 'running' : 'done',
    ...shapeOf(pass),
    startedAt: toTime(startedAtMs),
    ...(endedAtMs !== undefined && { endedAt: toTime(endedAtMs) }),
  }
}

function shapeOf({ kind, bucket, prefix, objects, runs, healed, reported }: Pass) {
  return {
    kind,
    ...(bucket !== undefined && { bucket }),
    ...(prefix !== undefined && { prefix }),
    objects,
    runs,
    healed: withoutHoles(healed),
    reported: withoutHoles(reported),
  }
}

function withoutHoles(counts: Readonly<Record<string, number | undefined>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count ?? 0]))
}
