/** A notification read as a whole. @module */
import { readNotification } from '../../runtime/intake/admission.ts'
import type { ObjectEvent } from '../../runtime/storage/object-version.ts'

interface Notification {
  readonly events: readonly ObjectEvent[]
  /** Names of events other than uploads and removals, such as `ObjectCreated:PutTagging`. */
  readonly otherEventNames: readonly string[]
  readonly malformed: readonly string[]
}

/** All of {@link readNotification} at once. */
export function parseNotification(raw: string): Notification {
  const events: ObjectEvent[] = []
  const otherEventNames: string[] = []
  const malformed: string[] = []
  for (const found of readNotification(raw)) {
    if (found.kind === 'malformed') malformed.push(found.reason)
    else if (found.kind === 'other') otherEventNames.push(found.eventName)
    else events.push(found)
  }
  return { events, otherEventNames, malformed }
}
