/** The files of a result in JSON, each with the address at which a browser reads it. @module */
import { z } from '@hono/zod-openapi'
import type { Manifest, ManifestFile } from '../../output/manifest.ts'
import { fileAddress } from '../files/address.ts'

/** A page can show no more, and a film of ten hours has tens of thousands. */
const MAX_OUTPUTS = 1_000

export const outputSchema = z
  .object({
    bucket: z.string(),
    key: z.string(),
    role: z.string(),
    contentType: z.string(),
    bytes: z.int().min(0),
    sha256: z.string(),
    index: z.int().min(0).optional(),
    startSeconds: z.number().optional().openapi({ description: 'on the time line of the source' }),
    durationSeconds: z.number().optional(),
    group: z.string().optional().openapi({ description: 'of a segment: its rendition' }),
    language: z.string().optional().openapi({ description: 'as in BCP 47' }),
    href: z.string().openapi({
      description:
        'where this interface serves it; of a file with a stable name, that name, as addresses within playlists are relative to it',
    }),
  })
  .openapi('Output')

export type Output = z.output<typeof outputSchema>

/**
 * The first files of a manifest. Segments, which players find through a playlist, come last where not all have room.
 *
 * @param at - of the manifest
 */
export function outputsOf(
  { files, pointers }: Pick<Manifest, 'files' | 'pointers'>,
  at: { readonly bucket: string; readonly key: string },
): Output[] {
  const folder = at.key.slice(0, at.key.lastIndexOf('/') + 1)
  const names = new Map(Object.entries(pointers).map(([name, key]) => [key, name]))
  const isSegment = ({ role }: ManifestFile) => role === 'segment'
  const ordered =
    files.length <= MAX_OUTPUTS
      ? files
      : [...files.filter((file) => !isSegment(file)), ...files.filter(isSegment)]
  return ordered.slice(0, MAX_OUTPUTS).map((file) => {
    const { key, role, contentType, bytes, sha256, index, startSeconds, durationSeconds, group } = file
    const name = names.get(key)
    return {
      bucket: at.bucket,
      key,
      role,
      contentType,
      bytes,
      sha256,
      ...(index !== undefined && { index }),
      ...(startSeconds !== undefined && { startSeconds }),
      ...(durationSeconds !== undefined && { durationSeconds }),
      ...(group !== undefined && { group }),
      ...(file.media?.language !== undefined && { language: file.media.language }),
      href: fileAddress(at.bucket, name === undefined ? key : folder + name),
    }
  })
}
