/**
 * One attempt of a function on a file of this machine, without servers: the production attempt from options to commit, over a
 * store that is folders ({@link createFolderStore}). `sluice invoke` and `testFunction` are made of it.
 * @module
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve, sep } from 'node:path'
import type { FunctionDefinition, Progress } from '../function/definition.ts'
import { createRouter, type Mismatch } from '../function/routing.ts'
import { placeOf } from '../output/layout.ts'
import { parseManifest, type Manifest } from '../output/manifest.ts'
import { runIdOf } from '../queue/keys.ts'
import type { Claim } from '../queue/run.ts'
import { generationOf } from '../storage/object-version.ts'
import type { ObjectHead } from '../storage/storage.ts'
import type { Logger } from '../telemetry/logger.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { createAttempt } from '../worker/attempt/attempt.ts'
import type { Outcome } from '../worker/attempt/outcome.ts'
import { createInFlight } from '../worker/in-flight.ts'
import { createRangeProxy } from '../worker/source/proxy.ts'
import { createStrays } from '../worker/strays.ts'
import { createFolderStore, type FolderStoreParts } from './folder-store.ts'

export interface LocalRunRequest {
  /** The source: a path on this machine. */
  readonly file: string
  /** The key that the function sees. @defaultValue the file's name */
  readonly key?: string | undefined
  /** As an uploader gives it: checked and merged as in production. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  readonly contentType?: string | undefined
  /** As a request gives them: over those of the metadata. */
  readonly options?: Readonly<Record<string, unknown>> | undefined
  /** As SLUICE_OPTIONS has them: under those of the metadata. @defaultValue none */
  readonly settings?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined
  /** Results appear here as `<bucket>/<key>`. What the function wrote for this key before is removed first. */
  readonly out: string
  /** Tools read in ranges through the proxy, as they do with sources over 64 MiB, whatever the size. */
  readonly isInRanges?: boolean | undefined
  /** Ends the attempt as `sluice cancel` does. */
  readonly signal?: AbortSignal | undefined
  readonly log: Logger
  readonly onProgress?: ((progress: Progress) => void) | undefined
  /** Faults of the store. */
  readonly store?: Pick<FolderStoreParts, 'delayMs' | 'breaksAtByte'> | undefined
}

export interface LocalRun {
  readonly outcome: Outcome
  /** Why production would not call the function for such an object; it was called here all the same. */
  readonly mismatch: Mismatch | undefined
  /** Of a run that succeeded. */
  readonly manifest: Manifest | undefined
  /** The file of a result on disk, by its key in the manifest. */
  readonly pathOf: (key: string) => string
  readonly seconds: number
}

/** How often time limits are checked and progress is reported. */
const LOOK_MS = 250
/** No lease is renewed here, and none is checked. */
const NO_LEASE_MS = 24 * 3_600_000

/** @throws when the file cannot be read, or would be removed with the results of before; how the attempt ended is a value */
export async function runLocally(
  definition: FunctionDefinition,
  request: LocalRunRequest,
): Promise<LocalRun> {
  const { file, log, out, key = basename(file), metadata = {}, signal, onProgress } = request
  const startedAtMs = performance.now()
  const { bucket } = definition
  const store = createFolderStore({
    ...request.store,
    file,
    bucket,
    key,
    metadata,
    out,
    contentType: request.contentType,
  })
  const claim = claimOf(definition, key, store.source, request.options)
  const place = placeOf(definition, claim.payload)
  const folder = store.pathOf(place.bucket, place.folder)
  // As where a result is to be the source of what made it.
  if (resolve(file).startsWith(folder + sep))
    throw new Error(
      `${file} is in ${folder}, which is removed before the results are made: choose another folder for them`,
    )
  await rm(folder, { recursive: true, force: true })
  const inFlight = createInFlight(NO_LEASE_MS)
  const attempt = inFlight.add(claim, definition)
  const cancel = () => inFlight.abort(attempt, 'cancelled', 'ended by the person who started it')
  signal?.addEventListener('abort', cancel)
  const watching = setInterval(() => {
    inFlight.watch()
    if (attempt.progress) onProgress?.(attempt.progress)
  }, LOOK_MS)
  const proxy = createRangeProxy(log)
  const scratchParent = await mkdtemp(join(tmpdir(), 'sluice-local-'))
  const perform = createAttempt({
    config: { functionOptions: request.settings ?? {} },
    functions: [definition],
    queue: { fence: () => Promise.resolve({ isOwner: true }), verdictGone: () => Promise.resolve() },
    storage: store,
    metrics: createMetrics(),
    proxy,
    strays: createStrays({ limit: Infinity, onTooMany: () => {}, onChange: () => {} }),
    scratchParent,
    ...(request.isInRanges === true && { downloadBelowBytes: 0 }),
  })
  try {
    if (signal?.aborted) cancel()
    const outcome = await perform(attempt, log)
    const isDone = outcome.kind === 'succeeded'
    return {
      outcome,
      mismatch: mismatchOf(definition, claim),
      manifest: isDone
        ? parseManifest(await readFile(store.pathOf(place.bucket, place.manifestKey), 'utf8'))
        : undefined,
      pathOf: (resultKey) => store.pathOf(place.bucket, resultKey),
      seconds: (performance.now() - startedAtMs) / 1_000,
    }
  } finally {
    clearInterval(watching)
    signal?.removeEventListener('abort', cancel)
    inFlight.delete(attempt)
    await proxy.close()
    await rm(scratchParent, { recursive: true, force: true })
  }
}

/** The claim of a first attempt at an upload that has just come. */
function claimOf(
  definition: FunctionDefinition,
  key: string,
  { etag, sizeBytes, lastModifiedMs }: ObjectHead,
  options: LocalRunRequest['options'],
): Claim {
  const { name, bucket } = definition
  const generation = generationOf({ etag, lastModifiedMs })
  const nowMs = Date.now()
  return {
    runId: runIdOf(name, bucket, key, generation),
    functionName: name,
    fence: '1',
    token: 'local',
    lane: 'live',
    attempts: 0,
    epoch: 0,
    trigger: 'upload',
    payload: {
      bucket,
      key,
      generation,
      etag,
      sizeBytes,
      lastModifiedMs,
      eventTimeMs: nowMs,
      ...(options && { options }),
    },
    createdAtMs: nowMs,
    queuedAtMs: nowMs,
    claimedAtMs: nowMs,
  }
}

/** Asked for by name it is: who calls it here does. */
function mismatchOf(definition: FunctionDefinition, { payload }: Claim): Mismatch | undefined {
  const { bucket, key, sizeBytes } = payload
  return createRouter([definition])({ bucket, key, sizeBytes, make: [definition.name] })[0]?.mismatch
}
