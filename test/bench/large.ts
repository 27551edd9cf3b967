/**
 * Memory and disk while one large file goes through every function on media: `npm run bench -- large 5GiB`, by default 1 GiB.
 * Measured is the largest process of the runtime at its peak, against the 200 MB that it may have; scratch space, which must
 * not grow with the file, is printed beside it.
 * @module
 */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseSizeBytes } from '../../runtime/amounts.ts'
import { sleep } from '../../runtime/time.ts'
import { bytesIn } from '../helpers/bytes-in.ts'
import { createRuns, type Runs } from '../helpers/runs.ts'
import { startTestStack, type TestStack } from '../helpers/stack.ts'
import { waitFor } from '../helpers/wait.ts'
import type { Measurement } from './harness/compare.ts'
import { peakMemoryMb } from './harness/cpu.ts'
import { largeFilm } from './media-source.ts'
import { round, say } from './statistics.ts'

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
    const scratchBytes = await peakScratch(stack, () => settled(runs))
    const seconds = (performance.now() - startedAtMs) / 1_000
    const chunks = await runs.assertWhole('chunk', 'large.mp4')
    say(
      `${chunks.length} chunks in ${seconds.toFixed(1)} s after the upload, ${mb(sourceBytes / seconds)} MB/s`,
    )
    say(`peak scratch space: ${mb(scratchBytes)} MB`)
    const pids = {
      supervisor: [stack.runtime.pid ?? 0],
      serving: await stack.childPids('serve'),
      worker: await stack.childPids('work'),
    }
    const peaks = Object.entries(pids).map(
      ([name, each]) => [name, Math.max(...each.map((pid) => peakMemoryMb(pid)))] as const,
    )
    const notes = [`peak memory in MB: ${peaks.map((peak) => peak.join(' ')).join(', ')}`]
    const ours = Math.max(...peaks.map(([, peakMb]) => peakMb))
    say(notes.join(''))
    return { name: 'large', unit: 'MB', ours, peer: LIMIT_MB, ratio: round(ours / LIMIT_MB, 3), notes }
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

/** The bytes of scratch files at most, while `work` is in progress. */
export async function peakScratch(stack: TestStack, work: () => Promise<unknown>): Promise<number> {
  let [peakBytes, isOver] = [0, false]
  const sampling = (async () => {
    while (!isOver) {
      peakBytes = Math.max(peakBytes, await bytesIn(join(stack.dir, 'scratch')))
      await sleep(SAMPLE_MS)
    }
  })()
  try {
    await work()
  } finally {
    isOver = true
    await sampling
  }
  return peakBytes
}

function mb(bytes: number): number {
  return Math.round(bytes / 1e6)
}
