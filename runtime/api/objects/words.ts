/** Words about runs and results. Pure. @module */
import { formatBytes } from '../../amounts.ts'
import type { Manifest } from '../../output/manifest.ts'
import type { RunRecord } from '../../queue/run.ts'

export function succeededInWords(attempts: number | undefined, result: Manifest | undefined): string {
  const after = attempts === undefined || attempts === 1 ? '' : ` after ${attempts} attempts`
  if (!result) return `done${after}, but its result no longer exists`
  const bytes = result.files.reduce((sum, file) => sum + file.bytes, 0)
  const warned = result.warnings.length > 0 ? `, with ${times(result.warnings.length, 'warning')}` : ''
  return `done${after} at ${inUtc(Date.parse(result.finishedAt))}: ${times(result.files.length, 'file')}, ${formatBytes(bytes)}${warned}`
}

export function progressOf({ progress, startedAtMs }: RunRecord): string {
  const since = startedAtMs === undefined ? '' : ` since ${inUtc(startedAtMs)}`
  return progress?.percent === undefined ? since : `${since}, ${Math.floor(progress.percent)} %`
}

export function times(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** Such as `2026-11-23 16:00:01 UTC`. */
export function inUtc(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
