/** The manifest: the list of a run's outputs. Writing it is the commit. Its shape, version 1, and the current one of a place. @module */
import { parseJson } from '../json.ts'
import { z } from 'zod'
import type { JsonValue } from './output.ts'
import { compareWithLatest } from '../storage/latest.ts'
import type { Storage } from '../storage/storage.ts'
import type { ResultPlace } from './layout.ts'

const json: z.ZodType<JsonValue> = z.json()
const seconds = z.number()
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.int().min(0)
const pointerName = z.string().regex(/^(?!manifest\.json$)[^/~][^/]*$/)

const mediaSchema = z.object({
  track: z.string().min(1).optional().describe('such as video, audio, subtitles'),
  codecs: z.string().min(1).optional().describe('as in RFC 6381'),
  width: z.int().min(1).optional().describe('in pixels'),
  height: z.int().min(1).optional().describe('in pixels'),
  framesPerSecond: z.number().positive().optional(),
  bandwidth: count.optional().describe('the highest rate, in bits a second'),
  averageBandwidth: count.optional().describe('in bits a second'),
  language: z.string().min(1).optional().describe('as in BCP 47'),
  channels: z.int().min(1).optional(),
})

const fileSchema = z.object({
  key: z.string().min(1).describe('the key of the file, in the bucket of this manifest'),
  role: z.string().min(1).describe('the purpose of the file, such as "chunk"'),
  contentType: z.string().min(1),
  bytes: count,
  sha256: sha256,
  index: count.optional().describe('of a chunk, or of a segment in its group: 0-based'),
  startSeconds: seconds.optional().describe('of a chunk: its start on the time line of the source'),
  requestedSeconds: seconds.optional().describe('of a chunk: its requested duration'),
  durationSeconds: seconds.optional().describe('of a chunk: its actual duration'),
  endSeconds: seconds.optional().describe('of a chunk: its end on the time line of the source'),
  independent: z
    .boolean()
    .optional()
    .describe('of a chunk with a picture: false when its first pictures need the chunk before'),
  group: z.string().min(1).optional().describe('of a segment: its rendition, such as "720p"'),
  media: mediaSchema.optional().describe('of a playlist, a rendition or a picture: its contents'),
})

export const sourceSchema = z.object({
  bucket: z.string().min(1),
  key: z.string().min(1).describe('the real key, also where output keys carry its sha256'),
  generation: z
    .string()
    .min(1)
    .describe('the version id, or etag@milliseconds on a bucket without versioning'),
  versionId: z.string().optional(),
  etag: z.string(),
  sizeBytes: count,
  lastModified: z.iso.datetime(),
})

/** Identifies a manifest, and decides which of two is newer. Stays readable in later versions of the schema. */
const identityShape = {
  run: z.string().min(1).describe('computed from function, bucket, key and generation'),
  attempt: z.string().min(1).describe('the attempt whose folder holds the files'),
  epoch: count.describe('0 for an upload; grows with each reprocessing'),
  source: sourceSchema,
}

const identitySchema = z.looseObject({ ...identityShape, source: sourceSchema.loose() })

const manifestSchema = z.object({
  schema: z.literal(1),
  ...identityShape,
  function: z.string().min(1),
  functionVersion: z.string(),
  options: z.record(z.string(), json),
  tools: z.record(z.string(), z.string()).describe('the tools that made it, such as {"ffmpeg": "5.1.9"}'),
  files: z.array(fileSchema),
  pointers: z
    .record(pointerName, z.string())
    .describe('stable names beside this manifest, and the keys they show'),
  probe: json.optional(),
  totals: z.record(z.string(), z.number()),
  warnings: z.array(z.string()),
  hops: count.describe('how many functions the source came through'),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
})

export type Manifest = z.output<typeof manifestSchema>
export type ManifestFile = z.output<typeof fileSchema>
export type ManifestSource = z.output<typeof sourceSchema>

/** The facts that decide between two results of one place. */
export interface Identity {
  readonly run: string
  readonly attempt: string
  readonly epoch: number
  readonly source: Pick<ManifestSource, 'bucket' | 'key' | 'generation' | 'etag' | 'lastModified'> & {
    readonly versionId?: string | undefined
  }
}

/** An object version as manifests and verdicts describe it. */
export function manifestSourceOf(
  object: Omit<ManifestSource, 'lastModified'> & { readonly lastModifiedMs: number },
): ManifestSource {
  const { bucket, key, generation, versionId, etag, sizeBytes, lastModifiedMs } = object
  return {
    bucket,
    key,
    generation,
    ...(versionId === undefined ? {} : { versionId }),
    etag,
    sizeBytes,
    lastModified: new Date(lastModifiedMs).toISOString(),
  }
}

export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifestSchema.parse(manifest), null, 2)}\n`
}

/** The manifest in `text`; undefined when it is not a manifest, or one of another schema version. */
export function parseManifest(text: string): Manifest | undefined {
  return manifestSchema.safeParse(parseJson(text)).data
}

/** The identity of the manifest, also of a later schema version; undefined when it cannot be read. */
export function parseIdentity(text: string): Identity | undefined {
  return identitySchema.safeParse(parseJson(text)).data
}

/** JSON Schema for readers in other languages. */
export function manifestJsonSchema(): object {
  return { title: 'Sluice manifest, version 1', ...z.toJSONSchema(manifestSchema, { io: 'input' }) }
}

export interface CurrentManifest {
  readonly etag: string
  /** The manifest's identity; `foreign` when the object is not a manifest. */
  readonly identity: Identity | 'foreign'
  /** Absent when it is foreign, or of a later schema. */
  readonly manifest?: Manifest
}

export async function readCurrent(
  storage: Storage,
  place: Pick<ResultPlace, 'bucket' | 'manifestKey'>,
  signal?: AbortSignal,
): Promise<CurrentManifest | undefined> {
  const found = await storage.readText(place.bucket, place.manifestKey, { signal })
  if (!found) return undefined
  const manifest = parseManifest(found.text)
  const identity = manifest ?? parseIdentity(found.text) ?? 'foreign'
  return { etag: found.etag, identity, ...(manifest && { manifest }) }
}

/** Asks the store whether the source is the latest version of its key. False also when the object is gone. */
export async function isLatestVersion(
  storage: Storage,
  source: Identity['source'],
  signal?: AbortSignal,
): Promise<boolean> {
  const version = { ...source, lastModifiedMs: Date.parse(source.lastModified) }
  return (await compareWithLatest(storage, version, signal)).kind === 'same'
}
