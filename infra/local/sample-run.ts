/** Sends the sample clip the way of every upload, and waits for its chunks. @module */
import { join } from 'node:path'
import type { Config } from '../../runtime/config.ts'
import { SECOND_MS } from '../../runtime/time.ts'
import { awaitResult, readResult, SAMPLE_KEY, type SampleResult } from './manifest.ts'
import { makeSample, SAMPLE_CHUNK_SECONDS } from './sample.ts'
import type { Say } from './say.ts'
import { logTail } from './server.ts'
import type { Session } from './session.ts'

/** Whether the function that cuts it runs here. */
export function hasSample(config: Config): boolean {
  const { functionNames, functionsFile, roles } = config
  const isServed = functionNames.length === 0 || functionNames.includes('chunk')
  return isServed && !functionsFile && roles.includes('worker') && roles.includes('intake')
}

export interface SampleRun {
  readonly sample: SampleResult | undefined
  /** How it went: the middle of a sentence with a result, a whole one without. */
  readonly note: string
}

export async function cutSample(
  { mc, signal, stack }: Session,
  dataDir: string,
  timeoutMs: number,
  progress: Say,
): Promise<SampleRun> {
  const earlier = await readResult(mc)
  if (earlier) return { sample: earlier, note: 'was cut at an earlier start into' }
  const path = join(dataDir, 'sample', SAMPLE_KEY)
  await makeSample(path)
  progress(`Uploading a sample clip to incoming/${SAMPLE_KEY} and waiting for its chunks …`)
  const startedMs = performance.now()
  // Options of a function travel as metadata of the object.
  const options = ['--attr', `seconds=${SAMPLE_CHUNK_SECONDS}`]
  await mc.run('cp', '--quiet', ...options, path, `sluice/incoming/${SAMPLE_KEY}`)
  const sample = await awaitResult(mc, timeoutMs, signal)
  const seconds = ((performance.now() - startedMs) / SECOND_MS).toFixed(1)
  if (sample) return { sample, note: `was cut in ${seconds} s into` }
  return {
    sample,
    note: `No chunks of the sample clip after ${seconds} s. ${await logTail(stack.runtime.logPath)}`,
  }
}
