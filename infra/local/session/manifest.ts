/** The sample's result, read the way a person reads it: through mc, with the uploader's account. @module */
import { z } from 'zod'
import { sleep } from '../../../runtime/time.ts'
import type { Mc } from '../programs/mc.ts'

export const SAMPLE_KEY = 'sample.mp4'
const MANIFEST_KEY = `processed/${SAMPLE_KEY}/chunk/manifest.json`
const POLL_MS = 250

/** Only what is shown here; the manifest's own schema is the runtime's. */
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

export async function readResult(mc: Mc): Promise<SampleResult | undefined> {
  const text = await mc.run('cat', `sluice/${MANIFEST_KEY}`).catch(() => undefined)
  return text === undefined ? undefined : summarize(text)
}

/** Undefined when there is none after `timeoutMs`, or when `signal` is aborted. */
export async function awaitResult(
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
