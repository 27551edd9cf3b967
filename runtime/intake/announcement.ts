/**
 * What is remembered of an object's events: one text each time that one was heard of. Redis puts its clock before it.
 * @module
 */
import type { ObjectEvent } from './event.ts'

/** How the runtime heard of it: from MinIO's notifications, by a request, or by the sweep of a bucket. */
export type AnnouncementPath = 'notification' | 'request' | 'sweep'

export interface Announcement {
  readonly heardAtMs: number
  readonly path: AnnouncementPath
  readonly kind: ObjectEvent['kind']
  readonly eventName: string
  readonly eventId: string
  readonly eventTimeMs: number
  /** Of a removal: the version that went, where one did. */
  readonly generation?: string
}

/** Shape: `["notification","created","Put","17A0…",1763900000000,"v1"]`. */
export function announcementOf(event: ObjectEvent, path: AnnouncementPath): string {
  const generation = event.kind === 'created' ? event.generation : event.versionId
  return JSON.stringify([
    path,
    event.kind,
    event.eventName,
    event.eventId,
    event.eventTimeMs,
    generation ?? '',
  ])
}

/** What {@link announcementOf} made, behind the time at which Redis heard of it: `1763900000012 ["notification",…]`. */
export function parseAnnouncement(line: string): Announcement {
  const space = line.indexOf(' ')
  const [path, kind, eventName, eventId, eventTimeMs, generation] = JSON.parse(line.slice(space + 1)) as [
    AnnouncementPath,
    ObjectEvent['kind'],
    string,
    string,
    number,
    string,
  ]
  const heardAtMs = Number(line.slice(0, space))
  return { heardAtMs, path, kind, eventName, eventId, eventTimeMs, ...(generation && { generation }) }
}
