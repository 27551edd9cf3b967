/** The sweep's decision about a single key, at once: of a version that may have become the latest by a removal. @module */
import { latestVersion } from '../../storage/latest-version.ts'
import { readWatermarkMs } from '../../records/watermark.ts'
import { examine } from './examine.ts'
import { heal, type Healed } from './heal.ts'
import type { PassParts } from './pass.ts'

export interface Look {
  readonly healed: readonly Healed[]
  /** A run of it is under way, which may have asked the store before the removal: it is to be looked at once more. */
  readonly isUnsettled: boolean
}

export async function lookAt(parts: PassParts, bucket: string, key: string): Promise<Look> {
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
  // Whoever has asked for the look asks once more.
  const [first] = findings.unreadable
  if (first) throw first.error
  const states = await history.states(findings.decided.map(({ candidate }) => candidate.run.runId))
  return { healed, isUnsettled: states.some((found) => found?.state === 'running') }
}
