/**
 * Announcements of an object's events, one text for each. Redis prepends the time of its own clock.
 * @module
 */
import { DAY_MS } from '../time.ts'
import type { CreatedEvent, ObjectEvent, RemovedEvent } from '../storage/object-version.ts'

/** How long an object's announcements are kept after the newest one at most, so that a million uploads a day fit. */
export const ANNOUNCEMENTS_KEPT_MS = 2 * DAY_MS

/** The source of an announcement: MinIO's notifications, a request, or the sweep of a bucket. */
type AnnouncementPath = 'notification' | 'request' | 'sweep'

export interface Announcement {
  readonly heardAtMs: number
  readonly path: AnnouncementPath
  readonly kind: ObjectEvent['kind']
  readonly eventName: string
  readonly eventId: string
  readonly eventTimeMs: number
  /** With a removal: the version that was removed, if it was one. */
  readonly generation?: string
}

/** The fields of an event that are kept. A version found by the sweep has no event name: a listing does not tell it. */
export type Announced =
  | (Pick<CreatedEvent, 'kind' | 'eventId' | 'eventTimeMs' | 'generation'> & { readonly eventName: string })
  | Pick<RemovedEvent, 'kind' | 'eventName' | 'eventId' | 'eventTimeMs' | 'versionId'>

/** Shape: `["notification","created","Put","17A0…",1763900000000,"v1"]`. */
export function announcementOf(event: Announced, path: AnnouncementPath): string {
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

/**
 * Lines with Redis's time and the text of {@link announcementOf}: `1763900000012 ["notification",…]`. A time alone repeats the
 * line before it.
 */
export function parseAnnouncements(lines: readonly string[]): readonly Announcement[] {
  const found: Announcement[] = []
  for (const line of lines) {
    const [heardAt = ''] = line.split(' ', 1)
    const last = found.at(-1)
    const heardAtMs = Number(heardAt)
    if (line.length > heardAt.length) found.push(parseOne(line.slice(heardAt.length + 1), heardAtMs))
    // The list is cut at its start: the line that the first ones repeat may be gone.
    else if (last) found.push({ ...last, heardAtMs })
  }
  return found
}

function parseOne(text: string, heardAtMs: number): Announcement {
  const [path, kind, eventName, eventId, eventTimeMs, generation] = JSON.parse(text) as [
    AnnouncementPath,
    ObjectEvent['kind'],
    string,
    string,
    number,
    string,
  ]
  return { heardAtMs, path, kind, eventName, eventId, eventTimeMs, ...(generation && { generation }) }
}
