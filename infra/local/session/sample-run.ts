/** Makes a sample clip with FFmpeg (so the project contains no video), uploads it like any other file, and waits for its chunks. @module */
import { execFile } from 'node:child_process'
import { mkdir, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { sleep } from '../../../runtime/time.ts'
import type { Mc } from '../programs/mc.ts'
import type { Config } from '../../../runtime/settings/config.ts'
import { runStep, type Say, secondsSince } from '../terminal.ts'
import type { Session } from './session.ts'
import { SERVER_PATIENCE_MS } from '../patience.ts'
import { ffmpegBinaries } from '../../../functions/ffmpeg/build/binaries.ts'

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

const run = promisify(execFile)

export const SAMPLE_SECONDS = 12
/** Chunks of a stream copy begin only at keyframes, so the picture has a keyframe at the same interval. */
const SAMPLE_CHUNK_SECONDS = 2
const FRAMES_PER_SECOND = 25

const QUIETLY = ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y']
/** In order of preference: some distributions leave out H.264. */
const VIDEO_CODECS = [
  ['libx264', '-preset', 'veryfast'],
  ['mpeg4', '-q:v', '5'],
] as const

/** Writes the clip: a moving test picture with a clock, and a tone. */
async function makeSample(path: string, signal?: AbortSignal): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const { ffmpegPath } = await ffmpegBinaries()
  // It gets its name only when it is complete.
  const draft = `${path}.part.mp4`
  let lastError: unknown
  for (const codec of VIDEO_CODECS) {
    try {
      await run(ffmpegPath, sampleArgs(codec, draft), { timeout: SERVER_PATIENCE_MS, signal })
      await rename(draft, path)
      return
    } catch (error) {
      signal?.throwIfAborted()
      lastError = error
    }
  }
  throw new Error(`${ffmpegPath} could not make the sample clip`, { cause: lastError })
}

function sampleArgs(codec: readonly string[], path: string): string[] {
  const picture = `testsrc2=size=640x360:rate=${FRAMES_PER_SECOND}:duration=${SAMPLE_SECONDS}`
  const tone = `sine=frequency=440:sample_rate=48000:duration=${SAMPLE_SECONDS}`
  const inputs = ['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', tone]
  const keyframes = ['-g', String(SAMPLE_CHUNK_SECONDS * FRAMES_PER_SECOND), '-sc_threshold', '0']
  const video = ['-c:v', ...codec, ...keyframes, '-pix_fmt', 'yuv420p']
  const audio = ['-c:a', 'aac', '-b:a', '96k']
  return [...QUIETLY, ...inputs, ...video, ...audio, '-movflags', '+faststart', '-f', 'mp4', path]
}
