/** One pass of the sweep, batch by batch: all runs that Redis knows, then all keys of the buckets that functions read. @module */
import { batchesOf } from '../../amounts.ts'
import { messageOf } from '../../errors.ts'
import type { FunctionDefinition } from '../../function/definition.ts'
import { StorageError } from '../../storage/errors.ts'
import { readWatermarks } from '../../records/watermark.ts'
import { type ExamineParts, listKeys } from './candidates.ts'
import { examine, isPermanent, type Unreadable } from './examine.ts'
import { heal, type Healed, type HealParts, type Mode } from './heal.ts'
import { recordRemovals } from './removals.ts'
import type { LeftAlone, Pass, Place, ReportReason } from '../../queue/sweeps.ts'

export interface PassParts extends ExamineParts, HealParts {
  readonly functions: readonly FunctionDefinition[]
  /** Keys examined together. @defaultValue 500 */
  readonly pageSize?: number
}

export interface PassStep {
  readonly pass: Pass
  /** By this step. */
  readonly healed: readonly Healed[]
  readonly objects: number
  readonly unreadable: readonly Unreadable[]
}

/** Names kept for each reason, */
const NAMED_EACH = 5
/** and in all. */
const NAMED = 20
/** Runs examined by one script. */
const RUNS_AT_ONCE = 200

/**
 * Runs `pass` from its place to its end; a later call may continue from any state that it yields. A batch is healed before it is
 * yielded, so work repeated after a crash has no effect; what it healed was counted in Redis by then.
 *
 * @param isDry - to change nothing
 */
export async function* steps(parts: PassParts, start: Pass, isDry = false): AsyncGenerator<PassStep> {
  let pass = start
  const mode: Mode = !isDry ? 'heal' : start.at.stage === 'runs' ? 'try-objects' : 'try'
  if (pass.at.stage === 'runs') {
    for await (const step of throughRuns(parts, pass, pass.at.cursor, isDry)) {
      pass = step.pass
      yield step
    }
  }
  const { at } = pass
  if (at.stage !== 'objects') return
  const watermarksMs = await readWatermarks(parts.storage, parts.functions)
  for (const bucket of bucketsOf(parts, pass).filter((name) => name >= at.bucket)) {
    const after = bucket === at.bucket ? at.after : undefined
    try {
      for await (const step of throughBucket(parts, pass, { bucket, after, watermarksMs }, mode)) {
        pass = step.pass
        yield step
      }
    } catch (error) {
      // The other buckets are not affected.
      if (!isPermanent(error)) throw error
      pass = refused(pass, bucket, error)
    }
  }
  yield { pass: { ...pass, at: { stage: 'end' } }, healed: [], objects: 0, unreadable: [] }
}

interface BucketRequest {
  readonly bucket: string
  readonly after: string | undefined
  readonly watermarksMs: ReadonlyMap<string, number | undefined>
}

async function* throughBucket(
  parts: PassParts,
  start: Pass,
  { bucket, after, watermarksMs }: BucketRequest,
  mode: Mode,
): AsyncGenerator<PassStep> {
  let pass = start
  const { prefix, sinceMs, deletesSinceMs, kind, cause } = pass
  const metadata = parts.functions.some((each) => each.bucket === bucket && each.trigger === 'asked')
  const request = { prefix, after, metadata, pageSize: parts.pageSize }
  for await (const keys of listKeys(parts.storage, bucket, request)) {
    const nowMs = await parts.queue.nowMs()
    const depth = { isThorough: kind === 'full', isExact: cause === 'request' }
    const decidedBeforeMs = deletesSinceMs
    const scope = { bucket, nowMs, sinceMs, deletesSinceMs, decidedBeforeMs, watermarksMs, ...depth }
    const findings = await examine(parts, keys, scope)
    const healed = await heal(parts, findings, mode, pass.id)
    const place: Place = { stage: 'objects', bucket, after: keys.at(-1)?.latest.key }
    pass = withFindings(
      { ...pass, at: place, objects: pass.objects + keys.length },
      healed,
      findings.reported,
    )
    const refused = mode === 'heal' ? await recordRemovals(parts, findings, nowMs) : []
    const unreadable = [...findings.unreadable, ...refused]
    // A function's bucket is missing or not accessible: nothing was decided about any of its objects.
    const closed = unreadable.find(({ error }) => error instanceof StorageError && error.isSetUp)
    if (closed) pass = { ...pass, failure: pass.failure ?? messageOf(closed.error) }
    yield { pass, healed, objects: keys.length, unreadable }
  }
}

function refused(pass: Pass, bucket: string, error: Error): Pass {
  const failure = pass.failure ?? `bucket "${bucket}": ${messageOf(error)}`
  return withFindings({ ...pass, failure }, [], [{ reason: 'bucket-refused', bucket }])
}

async function* throughRuns(
  { history, queue }: PassParts,
  start: Pass,
  from: string,
  isDry: boolean,
): AsyncGenerator<PassStep> {
  let pass = start
  let cursor = from
  do {
    const [next, all] = await history.scan(cursor, RUNS_AT_ONCE)
    const healed: Healed[] = []
    for (const runIds of batchesOf(all, RUNS_AT_ONCE)) {
      const outcomes = await queue.repair(runIds, isDry, pass.id)
      for (const [index, reason] of outcomes.entries()) {
        if (reason === 'ok' || reason === 'gone') continue
        // Undefined also for one that nobody can read, which spoils no pass: its next claim sets it aside.
        const [run] = await history.runs([runIds[index] as string])
        if (!run) continue
        const { bucket, key } = run.payload
        healed.push({ reason, functionName: run.functionName, bucket, key })
      }
    }
    cursor = next
    const place: Place = cursor === '0' ? { stage: 'objects', bucket: '' } : { stage: 'runs', cursor }
    pass = withFindings({ ...pass, at: place, runs: pass.runs + all.length }, healed)
    yield { pass, healed, objects: 0, unreadable: [] }
  } while (cursor !== '0')
}

/** In a fixed order, so that a pass can be resumed. */
function bucketsOf({ functions }: PassParts, { bucket }: Pass): readonly string[] {
  const all = [...new Set(functions.map((definition) => definition.bucket))].toSorted()
  return bucket === undefined ? all : all.filter((name) => name === bucket)
}

/** The pass with these findings counted by reason, and the names of some objects that it leaves alone. Pure. */
export function withFindings(pass: Pass, healed: readonly Healed[], left: readonly LeftAlone[] = []): Pass {
  return {
    ...pass,
    healed: withCounts(
      pass.healed,
      healed.map(({ reason }) => reason),
    ),
    reported: withCounts(
      pass.reported,
      left.map(({ reason }) => reason),
    ),
    ...(left.length > 0 && { left: named(pass.left ?? [], left) }),
  }
}

function named(before: readonly LeftAlone[], more: readonly LeftAlone[]): readonly LeftAlone[] {
  const all = [...before]
  const counts = new Map<ReportReason, number>()
  for (const { reason } of before) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  for (const each of more) {
    const count = counts.get(each.reason) ?? 0
    if (count >= NAMED_EACH || all.length >= NAMED) continue
    counts.set(each.reason, count + 1)
    all.push(each)
  }
  return all
}

function withCounts<R extends string>(
  counts: Readonly<Partial<Record<R, number>>>,
  reasons: readonly R[],
): Readonly<Partial<Record<R, number>>> {
  const more: Partial<Record<R, number>> = { ...counts }
  for (const reason of reasons) more[reason] = (more[reason] ?? 0) + 1
  return more
}
