/** Services of a runtime with as much of everything as a test asks for, and with the names that it gives. @module */
import type { FunctionView } from '../../../runtime/api/functions/model.ts'
import type { DeadLetterKind } from '../../../runtime/api/dead-letters/model.ts'
import type { Job, Preview } from '../../../runtime/api/jobs/model.ts'
import type { FunctionOfObject, ObjectView } from '../../../runtime/api/objects/model.ts'
import type { RunDetail } from '../../../runtime/api/runs/model.ts'
import type { FoundObject, FoundRun } from '../../../runtime/api/search/model.ts'
import { RUN_STATES } from '../../../runtime/queue/run.ts'
import { FUNCTION, JOB, PASS, RUN } from '../api/examples.ts'
import type { Answers } from '../api/test-api.ts'
import { outputsOf, resultOf, streamOf } from './full-media.ts'

export const HTML = '<img src=x onerror=alert(1)><script>/"\'&amp;</script>.mp4'
export const BIDI = 'invoice\u202egpj.exe\u202c\u0007\n\u2028 \ud800.mp4'
/** The longest key that S3 has. */
export const LONG = 'ü'.repeat(512)
export const BLANKS = `a${' '.repeat(1_000)}b.mp4`
export const HOSTILE = { html: HTML, 'right-to-left': BIDI, long: LONG, blanks: BLANKS } as const

const idOf = (index: number) => index.toString(16).padStart(32, '0')
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at))

export interface Amount {
  readonly count: number
  readonly key: string
}

export function runOf(index: number, key: string): RunDetail {
  const status = RUN_STATES[index % RUN_STATES.length] ?? 'dead'
  return {
    ...RUN,
    id: idOf(index),
    status,
    object: { ...RUN.object, key },
    error: key,
    lastLines: [key],
    startedAt: RUN.createdAt,
    ...(status === 'retrying' && { nextAttemptAt: RUN.createdAt }),
    ...(!['running', 'queued', 'retrying'].includes(status) && { endedAt: RUN.createdAt }),
    ...(status === 'running' && { progress: { percent: 51.4, secondsLeft: 90 } }),
    worker: key,
    warnings: [key],
    outputs: index < 9 ? outputsOf(key, index) : [],
    options: { [key]: key },
    attemptLog: [
      {
        outcome: 'failed',
        epoch: 0,
        worker: key,
        startedAt: RUN.createdAt,
        endedAt: RUN.createdAt,
        error: key,
        lastLines: [key],
      },
    ],
  }
}

function functionOf(index: number): FunctionView {
  return {
    ...FUNCTION,
    name: `cut-${index}`,
    isPaused: index % 3 === 1,
    workers: index % 2,
    queue: { waiting: index, backfill: index, running: index, open: index, dead: index },
  }
}

function partOf(index: number, key: string): FunctionOfObject {
  const run = runOf(index, key)
  return {
    name: `cut-${index}`,
    isMatch: index % 4 !== 3,
    reason: index % 4 === 3 ? 'not-asked' : 'dead',
    explanation: key,
    told: key,
    next: [{ text: key, command: key, action: { method: 'POST', path: '/v1/sweep', body: {} } }],
    isPaused: index % 5 === 0,
    ...(index < 9 && { result: resultOf(key, index) }),
    ...(index % 4 !== 3 && { run }),
  }
}

export function viewOf({ count, key }: Amount): ObjectView {
  return {
    bucket: 'incoming',
    key,
    object: count === 0 ? null : { ...RUN.object, key, contentType: key, metadata: { [key]: key } },
    summary: key,
    events: many(count, () => ({
      kind: 'created' as const,
      name: key,
      id: key,
      at: RUN.createdAt,
      arrivals: [{ path: 'notification' as const, at: RUN.createdAt, delayMs: 3 }],
    })),
    functions: many(count, (index) => partOf(index, key)),
    runs: many(count, (index) => runOf(index, key)),
  }
}

function jobOf(index: number, key: string): Job {
  const failure = {
    run: idOf(index),
    function: 'cut',
    bucket: 'incoming',
    key,
    status: 'dead',
    reason: key,
  } as const
  return {
    ...JOB,
    id: `01JOB${index}`,
    request: { keys: [key] },
    runs: { succeeded: index, queued: 1 },
    percent: 4,
    failures: many(Math.min(20, index), (at) => ({ ...failure, run: idOf(at) })),
  }
}

/** As many kinds as runs, and in the first as many runs. */
function kindsOf({ count, key }: Amount): DeadLetterKind[] {
  return many(count, (index) => ({
    id: index.toString(16).padStart(16, '0'),
    function: 'cut',
    reason: key,
    pattern: key,
    example: key,
    count: index === 0 ? count : 1,
    bytes: 3,
    firstAt: RUN.createdAt,
    lastAt: RUN.createdAt,
    runs: many(index === 0 ? count : 1, idOf),
    sample: many(Math.min(5, index === 0 ? count : 1), (at) => ({
      run: idOf(at + 5 * index),
      bucket: 'incoming',
      key,
      sizeBytes: 1,
      attempts: 1,
      endedAt: RUN.createdAt,
    })),
  }))
}

function previewOf(matched: number, key: string): Preview {
  const sample = many(Math.min(10, matched), () => ({
    function: 'cut',
    bucket: 'incoming',
    key,
    sizeBytes: 1,
  }))
  return { matched, totalBytes: matched, passedOver: { [key]: 1 }, sample }
}

function foundOf(run: RunDetail, index: number): FoundRun | FoundObject {
  if (index % 2 === 0) return { kind: 'run', match: 'id', run }
  const { bucket, key, sizeBytes, lastModified } = run.object
  return { kind: 'object', match: 'prefix', bucket, key, sizeBytes, lastModified }
}

export function answersOf(amount: Amount): Answers {
  const { count, key } = amount
  const runs = many(count, (index) => runOf(index, key))
  const page = { items: runs, nextCursor: count > 100 ? 'abc' : null }
  const jobs = many(count, (index) => jobOf(index, key))
  return {
    functions: {
      list: () => Promise.resolve(many(count, functionOf)),
      get: (name) => Promise.resolve(count === 0 ? undefined : { ...FUNCTION, name }),
    },
    runs: {
      list: () => Promise.resolve(page),
      running: () => Promise.resolve(runs),
      get: (id) => Promise.resolve({ ...(runs.find((run) => run.id === id) ?? runOf(0, key)), id }),
    },
    deadLetters: {
      list: () => Promise.resolve(page),
      kinds: () => Promise.resolve({ items: kindsOf(amount), looked: count, nextCursor: page.nextCursor }),
      redrive: ({ runs: ids = [] }) => Promise.resolve(previewOf(ids.length, key)),
      purge: ({ runs: ids = [] }) => Promise.resolve({ purged: ids.length }),
    },
    search: {
      search: () =>
        Promise.resolve({
          items: runs.map((run, index) => foundOf(run, index)),
          isCut: count > 100,
        }),
    },
    objects: { view: () => Promise.resolve(viewOf(amount)) },
    streams: {
      list: () => Promise.resolve(many(count, (index) => streamOf(index, key))),
      get: () => Promise.resolve(streamOf(0, key)),
      keys: () =>
        Promise.resolve(
          many(count, (index) => ({ id: `k${index}`, name: 'cam0', createdAt: RUN.createdAt })),
        ),
    },
    jobs: {
      list: () => Promise.resolve({ items: jobs, nextCursor: null }),
      get: () => Promise.resolve(jobOf(count, key)),
    },
    sweep: {
      view: () =>
        Promise.resolve({
          passes: many(count, (index) => ({ ...PASS, id: `p${index}`, prefix: key, failure: key })),
        }),
    },
    overview: {
      runs: () => Promise.resolve(runs),
      deadCount: () => Promise.resolve(count),
      totals: () =>
        Promise.resolve({
          inbox: count,
          bad: count,
          delayed: count,
          verdicts: count,
          cleanups: count,
          aside: count,
        }),
    },
  }
}
