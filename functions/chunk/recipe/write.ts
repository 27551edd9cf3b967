/** The recipe for the chunks of one source, which differs between the modes. Pure. @module */
import { copyChunksArguments, type ChunksOptions, type OutputStream } from '../../ffmpeg/arguments.ts'
import { exactRecipe } from './exact.ts'
import { hidesPictures } from '../../media/picture-facts.ts'
import type { Inspection } from '../../media/inspect.ts'
import { leftOut } from '../plan/left-out.ts'
import type { MediaStream } from '../../media/media-info.ts'
import type { Recipe, RecipeParts } from './recipe.ts'
import { latestSeconds } from '../../media/declared-length.ts'

/** Room for a container's own tables in each chunk file. */
const TABLES_BYTES = 64 * 1024 ** 2
/** @throws {PermanentError} when the picture cannot be re-encoded */
export function recipeOf(parts: RecipeParts): Recipe {
  const { mode, plan, inspection, cutPlan, keepsGoodPart = false } = parts
  const { cuts } = cutPlan
  const untilSeconds = parts.untilSeconds ?? (mode === 'copy' ? shownUntilSeconds(parts) : undefined)
  const options: ChunksOptions = {
    untilSeconds,
    input: inspection.input,
    streams: streamsOf(parts),
    cuts,
    firstSegment: parts.firstSegment ?? 0,
    muxer: plan.container.muxer,
    outputPattern: `chunk-%05d.${plan.container.extension}`,
  }
  // Copied packets are no larger than the source.
  const copiedBytes = 2 * inspection.sizeBytes + TABLES_BYTES
  if (mode === 'copy') {
    const limits = { fileBytes: copiedBytes }
    const { earlySeconds } = cutPlan
    const { tag, isPacked = false, warnings: seen = [] } = parts.before ?? {}
    const isRaggedFine = inspection.isRaggedFine ?? false
    const list = (of: { readonly isRaggedFine: boolean }) =>
      copyChunksArguments({ ...options, ...of, keepsGoodPart, earlySeconds, tag })
    const warnings = [...planWarnings(parts), ...copyWarnings(parts), ...seen]
    return {
      mode,
      profile: 'copy',
      arguments: list({ isRaggedFine }),
      ...(!isRaggedFine && !keepsGoodPart && { patientArguments: list({ isRaggedFine: true }) }),
      limits,
      untilSeconds,
      isPacked,
      warnings,
    }
  }
  const encoded = exactRecipe(parts, options, copiedBytes, planWarnings(parts))
  return { mode, profile: 'encode', untilSeconds, ...encoded }
}

/** Where the last stream ends by its edit list, if there is more after it: FFmpeg copies the packets an edit list hides. */
function shownUntilSeconds({ inspection, plan }: RecipeParts): number | undefined {
  const { declared, media } = inspection
  const isHiding = plan.kept.some(({ index }) => (declared?.get(index)?.hiddenAfter ?? 0) > 0)
  return isHiding ? latestSeconds(media, plan.kept) : undefined
}

/** Languages and titles of a stream that go into each chunk; longer ones are not titles. */
const MAX_TAG_CHARACTERS = 2_000

function streamsOf({ plan, inspection }: RecipeParts): readonly OutputStream[] {
  const hasTags = ({ index }: MediaStream) => tagCharacters(inspection, index) <= MAX_TAG_CHARACTERS
  return [
    ...plan.kept.map((stream) => ({
      index: stream.index,
      kind: stream === plan.video ? ('v' as const) : ('a' as const),
      hasTags: hasTags(stream),
    })),
    ...plan.subtitles.map(({ stream, encoder }) => ({
      index: stream.index,
      kind: 's' as const,
      encoder,
      hasTags: hasTags(stream),
    })),
  ]
}

function tagCharacters({ document }: Inspection, index: number): number {
  const { streams = [] } = document as { streams?: readonly { index?: number; tags?: object }[] }
  return JSON.stringify(streams.find((stream) => stream.index === index)?.tags ?? {}).length
}

function planWarnings(parts: RecipeParts): readonly string[] {
  return [...tagWarnings(parts), ...leftOut({ ...parts, ...parts.inspection })]
}

function tagWarnings(parts: RecipeParts): readonly string[] {
  const long = streamsOf(parts).filter(({ hasTags }) => hasTags === false)
  return long.map(
    ({ index }) =>
      `stream ${index} has no language and title in the chunks: its tags are longer than ${MAX_TAG_CHARACTERS} characters`,
  )
}

/** Things that this FFmpeg does worse than newer ones, each with a warning. */
function copyWarnings({ plan, inspection, binaries }: RecipeParts): readonly string[] {
  const { rotation = 0 } = plan.video ?? {}
  const isMatroska = ['matroska', 'webm'].includes(plan.container.muxer)
  const isTurnLost = isMatroska && rotation !== 0 && !(Number.parseInt(binaries.version, 10) >= 7)
  return [
    ...(isTurnLost
      ? [
          `the picture is rotated by ${rotation} degrees, which FFmpeg before 7 does not store in Matroska: players show the chunks unrotated; a newer FFmpeg keeps the rotation, and mode "exact" rotates the picture itself`,
        ]
      : []),
    ...(plan.video && hidesPictures(inspection, binaries) ? [UNEVEN_WARNING] : []),
  ]
}

const UNEVEN_WARNING =
  'the pictures come at irregular times and depend on later ones (B-frames), which FFmpeg before 5 cannot cut cleanly: the first pictures of a chunk may be shown at a wrong time or not at all; a newer FFmpeg or mode "exact" can'
