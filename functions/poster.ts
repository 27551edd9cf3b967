/** incoming/clip.mp4 -> processed/clip.mp4/poster/poster.jpg: the picture that stands for a film. @module */
import { rm } from 'node:fs/promises'
import { z } from 'zod'
import { defineFunction, PermanentError, STREAM_PIECES } from '../runtime/index.ts'
import { ffmpegBinaries } from './ffmpeg/build/binaries.ts'
import { inspect } from './media/inspect.ts'
import { onTruncated } from './media/on-truncated.ts'
import { MEDIA_FILES } from './media/policy.ts'
import { candidates, lastCandidates } from './pictures/candidates.ts'
import { filmWarnings, filmWith, type Film } from './pictures/decode.ts'
import { IMAGE_FORMATS, IMAGES } from './pictures/filters.ts'
import { mustEncode } from './pictures/abilities.ts'
import { isFound, pictureAt, type FoundPicture, type WantedPicture } from './pictures/seek.ts'
import { fit } from './pictures/size.ts'
import { coverOf, filmOf } from './pictures/track.ts'

export const poster = defineFunction(
  {
    name: 'poster',
    version: '1',
    trigger: 'asked',
    on: { bucket: 'incoming', match: MEDIA_FILES, ignore: [STREAM_PIECES], size: { max: '50GiB' } },
    options: z.object({
      /** In seconds; `auto` looks for a picture that is neither dark nor white nor flat. */
      at: z.union([z.literal('auto'), z.coerce.number().min(0).max(360_000)]).default('auto'),
      /** Of the poster, in pixels; a smaller film keeps its own. */
      width: z.coerce.number().int().min(64).max(3_840).default(1_280),
      format: z.enum(IMAGE_FORMATS).default('jpg'),
      /** The result for a truncated file: a dead letter, or the poster of the intact part. */
      onTruncated,
    }),
    timeout: '1h',
    stallTimeout: '60s',
    concurrency: 2,
  },
  async (c) => {
    const { event, options, source, output, signal, scratch, progress } = c.var
    const { at, width, format } = options
    const isTruncatedFine = options.onTruncated === 'keep'
    const { sizeBytes } = event
    const inspection = await inspect({ source, sizeBytes, scratch, signal, isTruncatedFine })
    const track = filmOf(inspection) ?? coverOf(inspection)
    if (!track)
      throw new PermanentError('the file has neither a picture nor a cover, so there is no poster of it')
    await mustEncode(format)
    const film = await filmWith({ inspection, track, scratch, signal, progress })
    const size = fit(track, { width })
    const { endSeconds, isCover } = track
    const times = isCover ? [undefined] : at === 'auto' ? candidates(endSeconds) : [at]
    const last = (hasPictures: boolean) =>
      isCover || at !== 'auto' ? [] : lastCandidates(endSeconds, hasPictures)
    const found = await choose(film, { times, last }, { size, format })
    if (!found) throw noPictureAt(at, track.endSeconds)
    const { best, lookedAt } = found
    const fileName = `poster.${format}`
    const { contentType } = IMAGES[format]
    await output.upload({ path: best.path, name: fileName, role: 'poster', contentType, pointer: fileName })
    output.describe({
      totals: { atSeconds: round(best.atSeconds), candidates: lookedAt, ...size },
      warnings: [
        ...(await filmWarnings(film)),
        ...(inspection.breaksOff === undefined ? [] : [inspection.breaksOff]),
        ...(track.isCover ? ['the file has sound and no film: its poster is its cover'] : []),
        ...(at === 'auto' && !track.isCover && !best.isFine ? [flatWarning(lookedAt)] : []),
      ],
      tools: { ffmpeg: (await ffmpegBinaries()).version },
    })
    return c.json({ atSeconds: round(best.atSeconds) })
  },
)

/** The first that is fine, or the one with the most to see. */
async function choose(
  film: Film,
  {
    times,
    last,
  }: {
    readonly times: readonly (number | undefined)[]
    readonly last: (hasPictures: boolean) => readonly number[]
  },
  wanted: Pick<WantedPicture, 'size' | 'format'>,
): Promise<{ readonly best: FoundPicture; readonly lookedAt: number } | undefined> {
  let best: FoundPicture | undefined
  let failure: Error | undefined
  let lookedAt = 0
  const all = [...times]
  for (let place = 0; place < all.length; place++) {
    const atSeconds = all[place]
    const fileName = `candidate-${place}.${wanted.format}`
    const picture = await pictureAt(film, {
      ...wanted,
      fileName,
      ...(atSeconds !== undefined && { atSeconds }),
    })
    if (!isFound(picture)) {
      failure ??= picture.failure
      if (place === times.length - 1) all.push(...last(lookedAt > 0))
      continue
    }
    lookedAt++
    const isBetter = !best || picture.isFine || picture.entropy > best.entropy
    const worse = isBetter ? best : picture
    if (worse) await rm(worse.path)
    if (isBetter) best = picture
    if (picture.isFine) break
    if (place === times.length - 1) all.push(...last(true))
  }
  if (!best && failure) throw failure
  return best && { best, lookedAt }
}

function noPictureAt(at: number | 'auto', endSeconds: number | undefined): PermanentError {
  if (at === 'auto') return new PermanentError('the file declares a picture and has none that can be decoded')
  const length = endSeconds === undefined ? '' : `: the film ends at ${endSeconds.toFixed(3)} s`
  return new PermanentError(`no picture begins at ${at} s or later${length}; choose a smaller "at"`)
}

function flatWarning(lookedAt: number): string {
  const all =
    lookedAt === 1
      ? 'the only picture that was looked at is'
      : `all ${lookedAt} pictures that were looked at are`
  return `${all} dark, white or flat: the one with the most to see was taken; at=<seconds> chooses another`
}

function round(seconds: number): number {
  return Math.round(seconds * 1_000) / 1_000
}
