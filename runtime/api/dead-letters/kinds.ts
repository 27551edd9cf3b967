/** Kinds of failure: dead letters of one function that ended for the same reason with the same error, whatever the file. Pure. @module */
import { createHash } from 'node:crypto'
import { toTime } from '../http/page.ts'
import type { RunRecord } from '../../queue/run.ts'
import type { DeadLetterKind } from './model.ts'

type Failed = Pick<RunRecord, 'functionName' | 'reason' | 'error' | 'payload'>

const SAMPLE = 5
const MAX_PATTERN = 160
const BLANK = '…'

/** In this order: what is quoted may contain all others. */
const DIFFERING = [
  /"[^"]*"|'[^'\n]{1,200}'(?![a-z])|“[^“”]*”|`[^`]*`/g,
  // Addresses in memory and in the network, ULIDs, hashes.
  /\b0x[0-9a-f]+\b|\b[0-9A-HJKMNP-TV-Z]{26}\b|\b(?=[a-f]*\d)[0-9a-f]{8,}\b/g,
  /\d+(?:[.,:]\d+)*/g,
] as const

/** The first line of an error without what differs from file to file: its key, quotes, numbers, ids. */
export function patternOf(error: string, key: string): string {
  const name = key.split('/').at(-1) ?? ''
  let text = error.split('\n', 1)[0] ?? ''
  for (const own of [key, name]) if (own.length > 2) text = text.replaceAll(own, BLANK)
  for (const pattern of DIFFERING) text = text.replaceAll(pattern, BLANK)
  const short = text.replaceAll(/…(?:\s*…)+/g, BLANK).trim()
  return short.length <= MAX_PATTERN ? short : `${short.slice(0, MAX_PATTERN - 1).toWellFormed()}${BLANK}`
}

export function kindIdOf(run: Failed): string {
  const { functionName, reason = '', error = '', payload } = run
  const parts = [functionName, reason, patternOf(error, payload.key)]
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16)
}

/** @param runs - dead ones, newest death first; the largest kinds come first */
export function kindsOf(runs: readonly RunRecord[]): readonly DeadLetterKind[] {
  const byId = new Map<string, RunRecord[]>()
  for (const run of runs) {
    const id = kindIdOf(run)
    const known = byId.get(id)
    if (known) known.push(run)
    else byId.set(id, [run])
  }
  return [...byId].map(([id, all]) => kindOf(id, all)).toSorted((a, b) => b.count - a.count)
}

function kindOf(id: string, runs: readonly RunRecord[]): DeadLetterKind {
  const [newest, oldest] = [runs[0] as RunRecord, runs.at(-1) as RunRecord]
  const { functionName, reason = 'permanent', error = '', payload } = newest
  return {
    id,
    function: functionName,
    reason,
    pattern: patternOf(error, payload.key),
    example: error,
    count: runs.length,
    bytes: runs.reduce((sum, run) => sum + run.payload.sizeBytes, 0),
    firstAt: endOf(oldest),
    lastAt: endOf(newest),
    runs: runs.map(({ runId }) => runId),
    sample: runs.slice(0, SAMPLE).map((run) => ({
      run: run.runId,
      bucket: run.payload.bucket,
      key: run.payload.key,
      sizeBytes: run.payload.sizeBytes,
      attempts: run.attempts,
      endedAt: endOf(run),
    })),
  }
}

function endOf({ endedAtMs, createdAtMs }: RunRecord): string {
  return toTime(endedAtMs ?? createdAtMs)
}
