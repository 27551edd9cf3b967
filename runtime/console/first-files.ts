/** The first page of a console that has seen hardly any files: how to put one in, and the way of each. @module */
import type { FunctionView } from '../api/functions/model.ts'
import type { Run } from '../api/runs/model.ts'
import type { RunService } from '../api/runs/service.ts'

/** The stack around the console, for lines that can be typed as they are. */
export interface Surroundings {
  /** Where people reach the store. */
  readonly storeUrl: string
  readonly region: string
  /** The name of the account that uploads; undefined: this process does not know it. */
  readonly uploader?: string | undefined
  /** The folder of the stack of `npm start`, which has commands of its own; undefined elsewhere. */
  readonly localDir?: string | undefined
}

export interface FirstFiles {
  /** Buckets that functions read uploads from. */
  readonly buckets: readonly string[]
  /** The files so far, newest first, with their runs. */
  readonly files: readonly FirstFile[]
}

export interface FirstFile {
  readonly bucket: string
  readonly key: string
  readonly sizeBytes: number
  readonly at: string
  readonly runs: readonly Run[]
}

/** With more files than this the console explains itself. */
const FEW = 3
const LOOKED_AT = 50

/** Asks for the first files, until there have been more than a few: then it never asks again. */
export function createFirstFiles(runs: Pick<RunService, 'list'>) {
  let isOver = false
  return async function firstFiles(functions: readonly FunctionView[]): Promise<FirstFiles | undefined> {
    if (isOver) return undefined
    const { items, nextCursor } = await runs.list({}, { limit: LOOKED_AT })
    const files = filesOf(items)
    isOver = nextCursor !== null || files.length > FEW
    if (isOver) return undefined
    const asked = functions.filter(({ trigger }) => trigger === 'always')
    return { buckets: [...new Set(asked.map(({ on }) => on.bucket))], files }
  }
}

/** @param runs - newest first */
function filesOf(runs: readonly Run[]): readonly FirstFile[] {
  const files = new Map<string, { -readonly [K in keyof FirstFile]: FirstFile[K] } & { runs: Run[] }>()
  for (const run of runs) {
    const { bucket, key, sizeBytes } = run.object
    const name = JSON.stringify([bucket, key])
    const known = files.get(name)
    // Functions that read what others made show their own objects as files: those are not uploads.
    if (known) known.runs.push(run)
    else files.set(name, { bucket, key, sizeBytes, at: run.createdAt, runs: [run] })
  }
  return [...files.values()]
}
