/** The sweep of a single key, at once: a removal may have made another version the latest. @module */
import { latestVersion } from '../../storage/latest.ts'
import { readWatermarkMs } from '../../records/watermark.ts'
import { examine } from './examine.ts'
import { heal, type Healed } from './heal.ts'
import type { PassParts } from './pass.ts'

export interface SweptKey {
  readonly healed: readonly Healed[]
  /** A run of it is in progress and may have asked the store before the removal: check it again later. */
  readonly isUnsettled: boolean
}

export async function sweepKey(parts: PassParts, bucket: string, key: string): Promise<SweptKey> {
  const { storage, queue, history, functions } = parts
  const latest = await latestVersion(storage, bucket, key)
  if (!latest) return { healed: [], isUnsettled: false }
  const readers = functions.filter((definition) => definition.bucket === bucket)
  const marks = readers.map(
    async ({ name }) => [name, await readWatermarkMs(storage, name)] as [string, number | undefined],
  )
  const listed = { ...latest, isLatest: true, isDeleteMarker: false }
  const findings = await examine(parts, [{ latest: listed, hasOlder: true }], {
    bucket,
    nowMs: await queue.nowMs(),
    sinceMs: 0,
    watermarksMs: new Map(await Promise.all(marks)),
    isThorough: true,
    isExact: false,
  })
  const healed = await heal(parts, findings, 'heal')
  // The caller tries again.
  const [first] = findings.unreadable
  if (first) throw first.error
  const states = await history.states(findings.decided.map(({ candidate }) => candidate.run.runId))
  return { healed, isUnsettled: states.some((found) => found?.state === 'running') }
}
