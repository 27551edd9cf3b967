/**
 * incoming/clip.mp4 -> processed/clip.mp4/frames/~…/frame-00000.jpg: single pictures of a film with their times, for models and
 * editors. One for each so many seconds, or one for each scene.
 * @module
 */
import { join } from 'node:path'
import { z } from 'zod'
import { defineFunction, PermanentError, STREAM_PIECES } from '../runtime/index.ts'
import { ffmpegBinaries } from './ffmpeg/build/binaries.ts'
import { inspect, KEEP_HINT } from './media/inspect.ts'
import { onTruncated } from './media/on-truncated.ts'
import { MEDIA_FILES } from './media/policy.ts'
import { toMicros } from './media/seconds.ts'
import { mustEncode } from './pictures/abilities.ts'
import { filmWarnings, filmWith } from './pictures/decode.ts'
import { framesOf, type Frames } from './pictures/frames.ts'
import { withRealEnd } from './pictures/real-end.ts'
import { cutShort, noFilm } from './pictures/refusals.ts'
import { fit } from './pictures/size.ts'
import { filmOf } from './pictures/track.ts'

/** Of all frames together: some 500 MB as JPEG. */
const MAX_PIXELS = 2_000_000_000

export const frames = defineFunction(
  {
    name: 'frames',
    version: '1',
    trigger: 'asked',
    on: { bucket: 'incoming', match: MEDIA_FILES, ignore: [STREAM_PIECES], size: { max: '50GiB' } },
    options: z
      .object({
        /** Seconds from frame to frame; a twentieth of the film by default. */
        every: z.coerce.number().min(0.04).max(3_600).optional(),
        /** A frame where the picture changes by more than this, from 0.05 (often) to 0.95 (seldom). */
        scene: z.coerce.number().min(0.05).max(0.95).optional(),
        /** At most so many frames. */
        max: z.coerce.number().int().min(1).max(2_000).default(100),
        /** Of each frame, in pixels; a smaller film keeps its own. */
        width: z.coerce.number().int().min(64).max(3_840).default(1_024),
        /** The result for a truncated file: a dead letter, or the frames of the intact part. */
        onTruncated,
      })
      .superRefine(({ every, scene }, c) => {
        if (every !== undefined && scene !== undefined)
          c.addIssue({ code: 'custom', message: 'every and scene exclude each other: give one of them' })
      }),
    alternatives: [['every', 'scene']],
    timeout: '4h',
    stallTimeout: '60s',
    concurrency: 2,
  },
  async (c) => {
    const { event, options, source, output, signal, scratch, progress } = c.var
    const { every, scene, max, width } = options
    const isTruncatedFine = options.onTruncated === 'keep'
    const inspection = await inspect({ source, sizeBytes: event.sizeBytes, scratch, signal, isTruncatedFine })
    const picture = filmOf(inspection)
    if (!picture) throw noFilm('frames', inspection.media)
    await mustEncode('jpg')
    const film = await withRealEnd(await filmWith({ inspection, track: picture, scratch, signal, progress }))
    const { track } = film
    const size = fit(track, { width })
    if (max * size.width * size.height > MAX_PIXELS) {
      throw new PermanentError(
        `${max} frames of ${size.width} x ${size.height} are more than the ${MAX_PIXELS} pixels that all of them may have: choose a smaller "max" or "width"`,
      )
    }
    const found = await framesOf(film, { size, max, ...(scene === undefined ? { every } : { scene }) })
    const { timesSeconds, names } = found
    if (names.length === 0)
      throw new PermanentError('the file declares a film and has no picture that can be decoded')
    const tornAt = found.isCutShort ? cutShort(timesSeconds.at(-1), track.endSeconds) : undefined
    if (tornAt !== undefined && !isTruncatedFine) throw new PermanentError(`${tornAt}${KEEP_HINT}`)
    for (const [index, name] of names.entries()) {
      const startSeconds = timesSeconds[index] ?? 0
      const endSeconds = timesSeconds[index + 1] ?? found.nextSeconds ?? track.endSeconds ?? startSeconds
      await output.upload({
        path: join(scratch, name),
        name,
        role: 'frame',
        contentType: 'image/jpeg',
        chunk: { index, startSeconds, durationSeconds: toMicros(Math.max(0, endSeconds - startSeconds)) },
      })
    }
    output.describe({
      totals: { frames: names.length, ...size },
      warnings: [
        ...(await filmWarnings(film)),
        ...(inspection.breaksOff === undefined ? [] : [inspection.breaksOff]),
        ...(tornAt === undefined ? [] : [tornAt]),
        ...(found.warning === undefined ? [] : [found.warning]),
        ...endedEarly(found, max, track.endSeconds),
      ],
      tools: { ffmpeg: (await ffmpegBinaries()).version },
    })
    return c.json({ frames: names.length })
  },
)

function endedEarly(
  { timesSeconds, nextSeconds }: Frames,
  max: number,
  endSeconds: number | undefined,
): readonly string[] {
  if (nextSeconds === undefined) return []
  const end = endSeconds === undefined ? '' : ` of its ${endSeconds.toFixed(1)} s`
  return [
    `the frames end at ${(timesSeconds.at(-1) ?? 0).toFixed(1)} s${end}: there are as many as "max" allows (${max})`,
  ]
}
