/** Uploads the sample clip like any other file, and waits for its chunks. @module */
import { join } from 'node:path'
import { z } from 'zod'
import { sleep } from '../../../runtime/time.ts'
import type { Mc } from '../programs/mc.ts'
import type { Config } from '../../../runtime/settings/config.ts'
import { makeSample, SAMPLE_CHUNK_SECONDS } from './sample.ts'
import { type Say, runStep, secondsSince } from '../terminal.ts'
import type { Session } from './session.ts'

const SAMPLE_KEY = 'sample.mp4'
const MANIFEST_KEY = `processed/${SAMPLE_KEY}/chunk/manifest.json`
const POLL_MS = 250

/** Only the fields that are shown here; the runtime has the manifest's full schema. */
const schema = z.object({
  files: z.array(
    z.object({
      key: z.string(),
      role: z.string(),
      bytes: z.number(),
      durationSeconds: z.number().optional(),
    }),
  ),
})

export interface SampleResult {
  readonly manifest: string
  readonly chunks: number
  readonly seconds: number
  readonly bytes: number
  readonly firstChunk: string | undefined
}

/** Whether `chunk`, which cuts it, runs here. */
export function hasSample(config: Config): boolean {
  const { functionNames, functionsFile, roles } = config
  const isServed = functionNames.length === 0 || functionNames.includes('chunk')
  return isServed && !functionsFile && roles.includes('worker') && roles.includes('intake')
}

export interface SampleRun {
  readonly sample: SampleResult | undefined
  /** With a result, the middle of a sentence; without, a whole sentence. */
  readonly note: string
}

/** @param timeoutMs - the longest wait for its chunks */
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

/** Reads it like a person: with mc and the uploader's account. */
async function readResult(mc: Mc): Promise<SampleResult | undefined> {
  const text = await mc.run('cat', `sluice/${MANIFEST_KEY}`).catch(() => undefined)
  return text === undefined ? undefined : summarize(text)
}

/** Undefined if there is none after `timeoutMs`, or if `signal` is aborted. */
async function awaitResult(
  mc: Mc,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<SampleResult | undefined> {
  const deadlineMs = performance.now() + timeoutMs
  while (!signal.aborted) {
    const result = await readResult(mc)
    if (result || performance.now() > deadlineMs) return result
    await sleep(POLL_MS, signal)
  }
  return undefined
}

function summarize(manifest: string): SampleResult {
  const chunks = schema.parse(JSON.parse(manifest)).files.filter((file) => file.role === 'chunk')
  const seconds = chunks.reduce((sum, file) => sum + (file.durationSeconds ?? 0), 0)
  return {
    manifest: MANIFEST_KEY,
    chunks: chunks.length,
    seconds: Math.round(seconds * 1_000) / 1_000,
    bytes: chunks.reduce((sum, file) => sum + file.bytes, 0),
    firstChunk: chunks[0] && `processed/${chunks[0].key}`,
  }
}
