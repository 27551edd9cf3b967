/** Notifications as MinIO sends them for small uploads. @module */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const FIXTURE = join(import.meta.dirname, '..', 'fixtures', 'events', 'mc-cp-small.json')

interface Captured {
  readonly raw: readonly string[]
}

/** The notifications of `count` uploads of different keys, each as MinIO captured it but for key, version and ids. */
export function notificationsOf(count: number, folder: string): string[] {
  const [raw = ''] = (JSON.parse(readFileSync(FIXTURE, 'utf8')) as Captured).raw
  return Array.from({ length: count }, (_, at) => {
    const [notification] = JSON.parse(raw) as [Notification]
    const [record] = notification.Event
    const id = at.toString(16).padStart(12, '0').toUpperCase()
    record.s3.object.key = `${folder}%2Fobject-${at}.txt`
    record.s3.object.versionId = `00000000-0000-4000-8000-${id}`
    record.responseElements['x-amz-request-id'] = `18EA${id}`
    return JSON.stringify([notification])
  })
}

interface Notification {
  readonly Event: readonly [
    {
      readonly s3: { readonly object: { key: string; versionId?: string } }
      readonly responseElements: Record<string, string>
    },
  ]
}
