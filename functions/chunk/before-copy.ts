/** What has to be known of a picture before its packets are copied, where a look at the description does not tell. @module */
import type { Source } from '../../runtime/index.ts'
import { hasPackedFrames, PACKED_WARNING, SIGNED_BYTES } from '../media/packed-frames.ts'
import { pictureTagOf, type PictureTag, type PictureTagOptions } from '../media/parameter-sets.ts'

export interface BeforeCopy extends PictureTag {
  /** Each chunk but the first begins with a picture that needs the chunk before. */
  readonly isPacked: boolean
}

export async function lookBeforeCopy(
  options: PictureTagOptions & { readonly source: Pick<Source, 'bytes'> },
): Promise<BeforeCopy> {
  const { mode, plan, source } = options
  const isPacked =
    mode === 'copy' && plan.video?.codec === 'mpeg4' && hasPackedFrames(await source.bytes(0, SIGNED_BYTES))
  const { tag, warnings } = await pictureTagOf(options)
  return {
    isPacked,
    ...(tag !== undefined && { tag }),
    warnings: isPacked ? [...warnings, PACKED_WARNING] : warnings,
  }
}
