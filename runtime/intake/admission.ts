/** A batch of notifications, turned into what `admit` stores. Pure. @module */
import { isUtf8 } from 'node:buffer'
import { messageOf } from '../errors.ts'
import { objectIdOf, runIdOf } from '../queue/keys.ts'
import type { Admission, Job, Mark } from '../queue/queue.ts'
import { lookDebt, resultsDebt } from '../queue/debts.ts'
import { announcementOf } from './announcement.ts'
import { versionOf } from '../storage/object-version.ts'
import type { CreatedEvent, ObjectEvent, RemovedEvent } from './event.ts'
import { NotificationError, parseNotification } from './notification.ts'
import type { Mismatch, Router } from './routing.ts'

export interface PlannedAdmission extends Admission {
  readonly events: readonly ObjectEvent[]
  /** Events and functions that did not match, by reason; `no-function` when no function reads the bucket. */
  readonly dropped: readonly (Mismatch | 'no-function' | 'event-type')[]
}

/** What these notifications ask for. Nothing is thrown: what cannot be parsed is in `bad`. */
export function planAdmission(
  raws: readonly Buffer[],
  router: Router,
  { paths, recordTtlMs }: Pick<Admission, 'paths' | 'recordTtlMs'>,
): PlannedAdmission {
  const events: ObjectEvent[] = []
  const jobs: Job[] = []
  const marks: Mark[] = []
  const bad: { raw: Buffer; reason: string }[] = []
  const debts: string[] = []
  const announced: { objectId: string; text: string }[] = []
  const dropped: PlannedAdmission['dropped'][number][] = []
  for (const raw of raws) {
    try {
      const notification = parseNotification(textOf(raw))
      events.push(...notification.events)
      dropped.push(...notification.otherEventNames.map(() => 'event-type' as const))
      // Set aside as a whole, once; what is right in it is admitted all the same.
      const [reason, ...more] = notification.malformed
      if (reason !== undefined)
        bad.push({ raw, reason: more.length > 0 ? `${reason} (and ${more.length} more)` : reason })
    } catch (error) {
      bad.push({ raw, reason: messageOf(error) })
    }
  }
  for (const event of events) {
    marks.push(markOf(event))
    announced.push({
      objectId: objectIdOf(event.bucket, event.key),
      text: announcementOf(event, 'notification'),
    })
    if (event.kind === 'removed') {
      debts.push(...debtsOf(event, router))
      continue
    }
    const routes = router(event)
    const inBucket = routes.filter(({ mismatch }) => mismatch !== 'bucket')
    if (inBucket.length === 0) dropped.push('no-function')
    for (const { definition, mismatch } of inBucket) {
      if (mismatch) dropped.push(mismatch)
      else jobs.push(toJob(event, definition.name))
    }
  }
  return { raws, jobs, marks, bad, debts, announced, paths, recordTtlMs, events, dropped }
}

/**
 * Functions whose results go with their source; whether there are any is asked when it is paid. And a look at what a removal
 * may have brought to light, since nothing announces that: MinIO says `DeleteMarkerCreated` also when a delete marker is removed.
 */
function debtsOf(event: RemovedEvent, router: Router): readonly string[] {
  const { bucket, key, eventId, eventName, versionId } = event
  const readers = router({ bucket, key, sizeBytes: NaN }).filter(
    ({ definition }) => definition.bucket === bucket,
  )
  const results = readers
    .filter(({ definition }) => definition.onDelete === 'remove')
    .map(({ definition }) => resultsDebt({ functionName: definition.name, bucket, key }, eventId))
  const isForSome = readers.some(({ mismatch }) => mismatch === undefined)
  const isOfVersions = versionId !== undefined || eventName === 'DeleteMarkerCreated'
  return isForSome && isOfVersions ? [...results, lookDebt(bucket, key, versionId ?? '', eventId)] : results
}

/** MinIO sends UTF-8; what is none would change on its way through a string. */
function textOf(raw: Buffer): string {
  if (!isUtf8(raw)) throw new NotificationError('no UTF-8')
  return raw.toString()
}

function markOf(event: ObjectEvent): Mark {
  const objectId = objectIdOf(event.bucket, event.key)
  if (event.kind === 'created') return { objectId, generation: event.generation, hint: 'superseded' }
  // An old version that is cleaned away says nothing about those that wait for another one.
  const { versionId } = event
  return {
    objectId,
    generation: '',
    ...(versionId === undefined ? {} : { only: versionId }),
    hint: 'source-gone',
  }
}

function toJob(event: CreatedEvent, functionName: string): Job {
  const { bucket, key, generation } = event
  return {
    runId: runIdOf(functionName, bucket, key, generation),
    functionName,
    objectId: objectIdOf(bucket, key),
    eventId: event.eventId,
    lane: 'live',
    trigger: 'upload',
    payload: {
      ...versionOf(event),
      eventTimeMs: event.eventTimeMs,
    },
  }
}
