/** Parses a batch of notifications, and turns their events into an admission. Pure. @module */
import { isUtf8 } from 'node:buffer'
import { messageOf } from '../errors.ts'
import { objectIdOf, runIdOf } from '../queue/keys.ts'
import type { Admission, Mark, NewRun } from '../queue/queue.ts'
import { sourceKeyOf } from '../output/layout.ts'
import { lookDebt, removedDebt, resultsDebt } from '../queue/debts.ts'
import { announcementOf } from '../queue/announcement.ts'
import {
  type CreatedEvent,
  type ObjectEvent,
  type RemovedEvent,
  versionOf,
} from '../storage/object-version.ts'
import { NotificationError, readRecord, type RecordFound } from './record.ts'
import type { Mismatch, Router } from '../function/routing.ts'

export interface PlannedAdmission extends Admission {
  readonly events: readonly ObjectEvent[]
  /** Events and functions that did not match, by reason; `no-function` when no function reads the bucket. */
  readonly dropped: readonly (Mismatch | 'no-function' | 'event-type')[]
}

/** Records that are admitted at a time: a notification may have thousands, and Redis and this process have other work too. */
const STEP_RECORDS = 256

/** A plan in the making. */
type Draft = {
  -readonly [
    K in 'events' | 'runs' | 'marks' | 'bad' | 'debts' | 'announced' | 'dropped'
  ]: PlannedAdmission[K][number][]
}

/** The share of one text in an admission. */
export type TextPlan = Readonly<Draft> & { readonly records: number }

/**
 * The admission of these notifications, in steps; the last one takes them from the list. A process that ends between two steps
 * has admitted a part, which is recognised when it is read again. Nothing is thrown: malformed texts are in `bad`.
 *
 * @param known - the plan of a text, as {@link planText} has made it; undefined where that is still to be done
 */
export function* planAdmission(
  raws: readonly Buffer[],
  router: Router,
  { paths, recordTtlMs }: Pick<Admission, 'paths' | 'recordTtlMs'>,
  known: (raw: Buffer) => TextPlan | undefined = () => undefined,
): Generator<PlannedAdmission> {
  const making = { draft: emptyDraft() }
  let records = 0
  for (const raw of raws) {
    const plan = known(raw)
    if (plan) addPlan(making.draft, plan)
    for (const count of plan ? [plan.records] : addText(making, raw, router)) {
      records += count
      if (records < STEP_RECORDS) continue
      yield { ...making.draft, raws: [], paths, recordTtlMs }
      making.draft = emptyDraft()
      records = 0
    }
  }
  yield { ...making.draft, raws, paths, recordTtlMs }
}

/** All that a text adds, at once: for texts of a few records. */
export function planText(raw: Buffer, router: Router): TextPlan {
  const making = { draft: emptyDraft() }
  let records = 0
  for (const count of addText(making, raw, router)) records += count
  return { ...making.draft, records }
}

/** Adds record by record; yields how many it has added. */
function* addText(making: { readonly draft: Draft }, raw: Buffer, router: Router): Generator<number> {
  const reasons: string[] = []
  for (const found of foundIn(raw)) {
    if (found.kind === 'malformed') reasons.push(found.reason)
    else if (found.kind === 'other') making.draft.dropped.push('event-type')
    else addEvent(making.draft, found, router)
    yield 1
  }
  // The text is set aside as a whole, once; its valid records are admitted all the same.
  const [reason, ...more] = reasons
  if (reason !== undefined)
    making.draft.bad.push({ raw, reason: more.length > 0 ? `${reason} (and ${more.length} more)` : reason })
}

function addPlan(draft: Draft, plan: TextPlan): void {
  draft.events.push(...plan.events)
  draft.runs.push(...plan.runs)
  draft.marks.push(...plan.marks)
  draft.bad.push(...plan.bad)
  draft.debts.push(...plan.debts)
  draft.announced.push(...plan.announced)
  draft.dropped.push(...plan.dropped)
}

function emptyDraft(): Draft {
  return { events: [], runs: [], marks: [], bad: [], debts: [], announced: [], dropped: [] }
}

function* foundIn(raw: Buffer): Generator<Found> {
  try {
    yield* readNotification(textOf(raw))
  } catch (error) {
    yield { kind: 'malformed', reason: messageOf(error) }
  }
}

function addEvent(draft: Draft, event: ObjectEvent, router: Router): void {
  draft.events.push(event)
  if (event.kind === 'removed') {
    draft.debts.push(...removalsOf(event, router))
    // Events of the runtime's own objects are not kept where no function reads them.
    if (!isRead(event, router)) return
  }
  const objectId = objectIdOf(event.bucket, event.key)
  draft.marks.push(markOf(event, objectId))
  draft.announced.push({ objectId, text: announcementOf(event, 'notification') })
  if (event.kind === 'removed') {
    draft.debts.push(...debtsOf(event, router))
    return
  }
  const { make = [] } = event
  const inBucket = router({ ...event, make }).filter(({ mismatch }) => mismatch !== 'bucket')
  if (inBucket.length === 0) draft.dropped.push('no-function')
  for (const { definition, mismatch } of inBucket) {
    if (mismatch) draft.dropped.push(mismatch)
    else draft.runs.push(toNewRun(event, definition.name, objectId))
  }
}

/** The debts when a result may have been removed on purpose. */
function removalsOf(event: RemovedEvent, router: Router): readonly string[] {
  if (!event.key.endsWith('/manifest.json')) return []
  return router({ bucket: event.bucket, key: event.key, sizeBytes: NaN, make: undefined }).flatMap(
    ({ definition }) => {
      const key = sourceKeyOf(definition, event)
      if (key === undefined) return []
      return [removedDebt({ functionName: definition.name, bucket: definition.bucket, key }, event.eventId)]
    },
  )
}

function isRead({ bucket }: RemovedEvent, router: Router): boolean {
  return router({ bucket, key: '', sizeBytes: NaN, make: undefined }).some(
    ({ mismatch }) => mismatch !== 'bucket',
  )
}

/**
 * The debts of functions that remove results with their source; paying them finds out whether there are any. And a check of the
 * latest version, which a removal may have changed without an event: MinIO announces `DeleteMarkerCreated` also when a delete
 * marker is removed.
 */
function debtsOf(event: RemovedEvent, router: Router): readonly string[] {
  const { bucket, key, eventId, eventName, versionId } = event
  const readers = router({ bucket, key, sizeBytes: NaN, make: undefined }).filter(
    ({ definition }) => definition.bucket === bucket,
  )
  const results = readers
    .filter(({ definition }) => definition.onDelete === 'remove')
    .map(({ definition }) => resultsDebt({ functionName: definition.name, bucket, key }, eventId))
  const isForSome = readers.some(({ mismatch }) => mismatch === undefined)
  const isOfVersions = versionId !== undefined || eventName === 'DeleteMarkerCreated'
  return isForSome && isOfVersions ? [...results, lookDebt(bucket, key, versionId ?? '', eventId)] : results
}

/** MinIO sends UTF-8; any other text would change on its way through a string. */
function textOf(raw: Buffer): string {
  if (!isUtf8(raw)) throw new NotificationError('not UTF-8')
  return raw.toString()
}

function markOf(event: ObjectEvent, objectId: string): Mark {
  if (event.kind === 'created') return { objectId, generation: event.generation, hint: 'superseded' }
  // The removal of an old version says nothing about runs of another one.
  const { versionId } = event
  return {
    objectId,
    generation: '',
    ...(versionId === undefined ? {} : { only: versionId }),
    hint: 'source-gone',
  }
}

function toNewRun(event: CreatedEvent, functionName: string, objectId: string): NewRun {
  const { bucket, key, generation } = event
  return {
    runId: runIdOf(functionName, bucket, key, generation),
    functionName,
    objectId,
    eventId: event.eventId,
    lane: 'live',
    trigger: 'upload',
    payload: { ...versionOf(event), eventTimeMs: event.eventTimeMs },
  }
}

/** The result of reading a record; `malformed` has the reason, such as `record 2: s3.object.key: …`, and other records stay valid. */
export type Found = RecordFound | { readonly kind: 'malformed'; readonly reason: string }

/**
 * The records of a notification's text, one after the other: there may be thousands, and the caller may pause in between.
 *
 * **Shape**, as captured in `test/fixtures/events/`: MinIO's Redis target in `access` format sends
 * `[{"Event":[{"eventName":"s3:ObjectCreated:Put","s3":{"bucket":{"name":"incoming"},"object":{"key":"a+b.mp4",…}}}],"EventTime":"…"}]`
 * (MinIO `internal/event/target/redis.go`, `internal/event/event.go`); webhooks and AWS send `{"Records":[…]}` with the same records.
 *
 * @throws {NotificationError} at once when it has no record; the message does not quote the text
 */
export function readNotification(raw: string): Generator<Found> {
  return readEach(recordsIn(parseJson(raw)))
}

function* readEach(records: readonly unknown[]): Generator<Found> {
  for (const [index, record] of records.entries()) {
    try {
      yield readRecord(record)
    } catch (error) {
      yield { kind: 'malformed', reason: `record ${index + 1}: ${messageOf(error)}` }
    }
  }
}

/** The records of a notification, not yet checked. A part without records counts as one, so that it is reported. */
function recordsIn(notification: unknown): readonly unknown[] {
  const parts: readonly unknown[] = Array.isArray(notification) ? notification : [notification]
  const lists = parts.map(recordsOf)
  if (lists.every((list) => list === undefined))
    throw new NotificationError('not a bucket notification: it has no list "Event" or "Records"')
  return parts.flatMap((part, index) => lists[index] ?? [part])
}

function recordsOf(part: unknown): readonly unknown[] | undefined {
  if (typeof part !== 'object' || part === null) return undefined
  const records = 'Event' in part ? part.Event : 'Records' in part ? part.Records : undefined
  return Array.isArray(records) && records.length > 0 ? records : undefined
}

function parseJson(raw: string): unknown {
  try {
    return JSON.parse(raw)
  } catch (error) {
    throw new NotificationError('not JSON', { cause: error })
  }
}
