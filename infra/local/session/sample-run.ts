/** Sends the sample clip the way of every upload, and waits for its chunks. @module */
import { join } from 'node:path'
import type { Config } from '../../../runtime/settings/config.ts'
import { awaitResult, readResult, SAMPLE_KEY, type SampleResult } from './manifest.ts'
import { makeSample, SAMPLE_CHUNK_SECONDS } from './sample.ts'
import type { Say } from '../say.ts'
import type { Session } from './session.ts'
import { runStep, secondsSince } from '../steps.ts'

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

/** @param timeoutMs - how long its chunks are waited for */
export async function cutSample(
  { mc, signal, stack }: Session,
  dataDir: string,
  timeoutMs: number,
  progress: Say,
): Promise<SampleRun> {
  const path = join(dataDir, 'sample', SAMPLE_KEY)
  const startedMs = performance.now()
  let isEarlier = false
  const work = async () => {
    const earlier = await readResult(mc)
    isEarlier = earlier !== undefined
    if (earlier) return earlier
    await makeSample(path, signal)
    // Options of a function travel as metadata of the object.
    const options = ['--attr', `seconds=${SAMPLE_CHUNK_SECONDS}`]
    await mc.run('cp', '--quiet', ...options, path, `sluice/incoming/${SAMPLE_KEY}`)
    return awaitResult(mc, timeoutMs, signal)
  }
  const sample = await runStep<SampleResult | undefined>(
    {
      name: 'Sample',
      work,
      detail: (result) => describe(result, isEarlier),
      state: () => stack.runtime.lastLine(),
    },
    progress,
  )
  if (sample)
    return { sample, note: isEarlier ? 'was cut at an earlier start into' : 'has just been cut into' }
  return {
    sample,
    note: `No chunks of the sample clip after ${secondsSince(startedMs)}. ${await stack.runtime.tail()}`,
  }
}

function describe(result: SampleResult | undefined, isEarlier: boolean): string {
  if (!result) return 'not cut'
  return `incoming/${SAMPLE_KEY}: ${result.chunks} chunks${isEarlier ? ', from an earlier start' : ''}`
}
