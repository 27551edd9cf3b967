/** The results of a run, looked up in the store: Redis does not know what was removed or replaced since. @module */
import type { RunResults } from './model.ts'
import { absentServer } from '../http/problem.ts'
import { outputsOf } from '../results/outputs.ts'
import { placeOf, type ResultPlace, type Writer } from '../../output/layout.ts'
import { parseManifest } from '../../output/manifest.ts'
import { readVerdict } from '../../output/verdict.ts'
import { isOpen, type RunRecord } from '../../queue/run.ts'
import { isStorageCode, StorageError } from '../../storage/errors.ts'
import type { Links } from '../../storage/sign.ts'
import type { Storage } from '../../storage/storage.ts'
import { SECOND_MS } from '../../time.ts'

const MAX_WARNINGS = 100
/** People look at the first ones; signing more would be wasted. */
const MAX_LINKS = 50
/** Some 20,000 files; parsing a larger manifest would block the process. */
const MAX_MANIFEST_BYTES = 8 * 1024 * 1024
/** A run is shown even while the store does not answer. */
const PATIENCE_MS = 5 * SECOND_MS

export async function resultsOfRun(
  storage: Storage,
  definition: Writer,
  run: RunRecord,
): Promise<RunResults> {
  if (isOpen(run.state)) return {}
  const place = placeOf(definition, run.payload)
  const signal = AbortSignal.timeout(PATIENCE_MS)
  try {
    return run.state === 'succeeded'
      ? await manifestOf(storage, place, run.runId, signal)
      : await verdictOf(storage, place, run.runId, signal)
  } catch (error) {
    if (error instanceof StorageError && error.isImpossibleName) return {}
    if (signal.aborted || absentServer(error) === 'MinIO')
      return { resultsUnknown: 'MinIO does not answer: try again in a few seconds' }
    throw error
  }
}

async function manifestOf(
  storage: Storage,
  place: ResultPlace,
  runId: string,
  signal: AbortSignal,
): Promise<RunResults> {
  const manifest = { bucket: place.bucket, key: place.manifestKey }
  const limits = { maxBytes: MAX_MANIFEST_BYTES, signal }
  const text = await storage.readText(manifest.bucket, manifest.key, limits).catch((error: unknown) => {
    if (isStorageCode(error, 'EntityTooLarge')) return 'too large' as const
    throw error
  })
  if (text === 'too large') {
    const mebibytes = MAX_MANIFEST_BYTES / 1024 / 1024
    return {
      manifest,
      resultsUnknown: `the manifest is larger than ${mebibytes} MiB: read it from the store`,
    }
  }
  const found = text && parseManifest(text.text)
  // It was removed, or a newer upload has replaced it.
  if (found?.run !== runId) return {}
  const outputs = outputsOf(found, manifest)
  const warnings = found.warnings.slice(0, MAX_WARNINGS)
  return { manifest, outputs, outputCount: found.files.length, ...(warnings.length > 0 && { warnings }) }
}

async function verdictOf(
  storage: Storage,
  place: ResultPlace,
  runId: string,
  signal: AbortSignal,
): Promise<RunResults> {
  const found = await readVerdict({ storage, place, signal })
  if (found?.verdict?.run !== runId) return {}
  return { verdict: { bucket: place.verdictBucket, key: place.verdictKey } }
}

/** The same, with links to the first outputs. */
export function withLinks(results: RunResults, links: Links): RunResults {
  if (!results.outputs) return results
  const outputs = results.outputs.map((output, index) =>
    index < MAX_LINKS ? { ...output, url: links(output.bucket, output.key) } : output,
  )
  return { ...results, outputs }
}
