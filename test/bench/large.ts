/**
 * Memory and disk while one large file goes through every function on media: `npm run bench -- large 5GiB`, by default 1 GiB.
 * Measured is the largest process of the runtime at its peak, against the 200 MB that it may have; scratch space, which must
 * not grow with the file, is printed beside it.
 * @module
 */
import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parseSizeBytes } from '../../runtime/amounts.ts'
import { bytesIn } from '../helpers/bytes-in.ts'
import { createRuns, type Runs } from '../helpers/runs.ts'
import { startTestStack, type TestStack } from '../helpers/stack.ts'
import { waitFor } from '../helpers/wait.ts'
import { largeFilm } from './media-source.ts'
import type { Measurement } from './run.ts'
import { say } from './statistics.ts'

const run = promisify(execFile)

const LIMIT_MB = 200
/** A run that waits for another attempt has failed here. */
const GOING_ON: ReadonlySet<string> = new Set(['queued', 'running'])
const SAMPLE_MS = 200

export async function measureLarge(size = '1GiB'): Promise<Measurement> {
  const sizeBytes = parseSizeBytes(size)
  const stack = await startTestStack({ env: { SLUICE_LOG_LEVEL: 'warn' } })
  const runs = createRuns(stack)
  try {
    const path = await largeFilm(sizeBytes)
    const sourceBytes = (await stat(path)).size
    say(`a file of ${mb(sourceBytes)} MB`)
    await stack.mc.run('cp', '--quiet', path, 'sluice/incoming/large.mp4')
    const startedAtMs = performance.now()
    const peaks = await watched(stack, () => settled(runs))
    const seconds = (performance.now() - startedAtMs) / 1_000
    const chunks = await runs.assertWhole('chunk', 'large.mp4')
    say(
      `${chunks.length} chunks in ${seconds.toFixed(1)} s after the upload, ${mb(sourceBytes / seconds)} MB/s`,
    )
    for (const [process, bytes] of peaks.memoryBytes) say(`peak memory of ${process}: ${mb(bytes)} MB`)
    say(`peak scratch space: ${mb(peaks.scratchBytes)} MB`)
    const ours = mb(Math.max(...peaks.memoryBytes.values()))
    return { name: 'large', unit: 'MB', ours, peer: LIMIT_MB, ratio: Number((ours / LIMIT_MB).toFixed(3)) }
  } finally {
    runs.close()
    await stack.stop()
  }
}

/** Waits until every function has had the file. */
async function settled(runs: Runs): Promise<void> {
  const all = await waitFor(
    async () => {
      const found = await runs.of('large.mp4')
      return found.length > 0 && found.every(({ state }) => !GOING_ON.has(state)) && found
    },
    { timeoutMs: 3_600_000, intervalMs: SAMPLE_MS, what: 'every function to end' },
  )
  const failed = all.find(({ state }) => state !== 'succeeded')
  if (failed) throw new Error(`${failed.functionName} is ${failed.state}: ${failed.error ?? failed.reason}`)
}

interface Peaks {
  /** By process, such as `work 1234`. */
  readonly memoryBytes: ReadonlyMap<string, number>
  readonly scratchBytes: number
}

/** The runtime's memory while `work` is in progress. */
async function watched(stack: TestStack, work: () => Promise<unknown>): Promise<Peaks> {
  const memoryBytes = new Map<string, number>()
  let scratchBytes = 0
  const pids = new Map<number, string>([
    [stack.runtime.pid ?? 0, 'supervisor'],
    ...(await stack.childPids('serve')).map((pid) => [pid, `serve ${pid}`] as const),
    ...(await stack.childPids('work')).map((pid) => [pid, `work ${pid}`] as const),
  ])
  const sample = async () => {
    const { stdout } = await run('ps', ['-o', 'pid=,rss=', '-p', [...pids.keys()].join(',')])
    for (const line of stdout.trim().split('\n')) {
      const [pid, kib] = line.trim().split(/\s+/).map(Number) as [number, number]
      const name = pids.get(pid) ?? String(pid)
      memoryBytes.set(name, Math.max(memoryBytes.get(name) ?? 0, kib * 1024))
    }
    scratchBytes = Math.max(scratchBytes, await bytesIn(join(stack.dir, 'scratch')))
  }
  let isOver = false
  const sampling = (async () => {
    while (!isOver) await Promise.all([sample(), new Promise((resolve) => setTimeout(resolve, SAMPLE_MS))])
  })()
  try {
    await work()
  } finally {
    isOver = true
    await sampling
  }
  return { memoryBytes, scratchBytes }
}

function mb(bytes: number): number {
  return Math.round(bytes / 1e6)
}
