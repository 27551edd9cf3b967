/** A result in JSON: a summary of its manifest. @module */
import { z } from '@hono/zod-openapi'
import type { Manifest } from '../../output/manifest.ts'
import { time } from '../http/page.ts'

export const resultSchema = z
  .object({
    function: z.string(),
    bucket: z.string().openapi({ description: 'bucket of the source' }),
    key: z.string().openapi({ description: 'key of the source' }),
    run: z.string(),
    manifest: z.object({ bucket: z.string(), key: z.string() }),
    files: z.int().min(0),
    bytes: z.int().min(0),
    warnings: z.int().min(0).openapi({ description: 'the number in the manifest' }),
    finishedAt: time,
  })
  .openapi('Result')

export type Result = z.output<typeof resultSchema>

export function toResult(manifest: Manifest, at: Result['manifest']): Result {
  return {
    function: manifest.function,
    bucket: manifest.source.bucket,
    key: manifest.source.key,
    run: manifest.run,
    manifest: at,
    files: manifest.files.length,
    bytes: manifest.files.reduce((sum, { bytes }) => sum + bytes, 0),
    warnings: manifest.warnings.length,
    finishedAt: manifest.finishedAt,
  }
}
