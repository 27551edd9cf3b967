/**
 * incoming/clip.mp4 -> processed/clip.mp4/preview/{preview.mp4,preview.webp,sheet.jpg}: a short loop without sound, and one picture
 * of many.
 * @module
 */
import { z } from 'zod'
import { defineFunction, PermanentError, STREAM_PIECES } from '../runtime/index.ts'
import { ffmpegBinaries } from './ffmpeg/build/binaries.ts'
import { inspect } from './media/inspect.ts'
import { onTruncated } from './media/on-truncated.ts'
import { MEDIA_FILES } from './media/policy.ts'
import { lackOf } from './pictures/abilities.ts'
import { contactSheet } from './pictures/contact-sheet.ts'
import { filmWarnings, filmWith } from './pictures/decode.ts'
import { clipsOf, makeLoop, type LoopFormat } from './pictures/loop.ts'
import { withRealEnd } from './pictures/real-end.ts'
import { noFilm } from './pictures/refusals.ts'
import { fit } from './pictures/size.ts'
import { filmOf } from './pictures/track.ts'

const TYPES: Readonly<Record<LoopFormat, string>> = { mp4: 'video/mp4', webp: 'image/webp' }
const SHEET = 'sheet.jpg'

export const preview = defineFunction(
  {
    name: 'preview',
    version: '1',
    trigger: 'asked',
    on: { bucket: 'incoming', match: MEDIA_FILES, ignore: [STREAM_PIECES], size: { max: '50GiB' } },
    options: z.object({
      /** Parts of the film that the loop shows, one after the other. */
      clips: z.coerce.number().int().min(1).max(12).default(4),
      /** Of each clip. */
      seconds: z.coerce.number().min(0.2).max(5).default(0.75),
      /** Of the loop, and of each picture of the sheet, in pixels. */
      width: z.coerce.number().int().min(64).max(640).default(320),
      framesPerSecond: z.coerce.number().int().min(4).max(30).default(10),
      format: z.enum(['mp4', 'webp', 'both']).default('both'),
      /** Columns x rows of the sheet, or `off`. */
      sheet: z
        .string()
        .regex(/^([1-8]x[1-8]|off)$/, 'must be columns x rows, each from 1 to 8, such as "4x4", or "off"')
        .default('4x4'),
      /** The result for a truncated file: a dead letter, or the preview of the intact part. */
      onTruncated,
    }),
    timeout: '1h',
    stallTimeout: '60s',
    concurrency: 2,
  },
  async (c) => {
    const { event, options, source, output, signal, scratch, progress } = c.var
    const isTruncatedFine = options.onTruncated === 'keep'
    const inspection = await inspect({ source, sizeBytes: event.sizeBytes, scratch, signal, isTruncatedFine })
    const picture = filmOf(inspection)
    if (!picture) throw noFilm('previews', inspection.media)
    const film = await withRealEnd(await filmWith({ inspection, track: picture, scratch, signal, progress }))
    const { track } = film
    const size = fit(track, { width: options.width, height: 2 * options.width })
    const warnings: string[] = []

    const wanted: readonly LoopFormat[] = options.format === 'both' ? ['mp4', 'webp'] : [options.format]
    const lack = wanted.includes('webp') ? await lackOf('webp') : undefined
    const formats = wanted.filter((format) => format !== 'webp' || lack === undefined)
    if (lack !== undefined && formats.length === 0)
      throw new PermanentError(`${lack}: choose format=mp4, or install an FFmpeg that has it`)
    if (lack !== undefined) warnings.push(`${lack}: preview.webp was left out; preview.mp4 is there`)
    const clips = clipsOf(track.endSeconds, options)
    const loop = await makeLoop(film, { clips, size, formats, framesPerSecond: options.framesPerSecond })
    for (const { path, name, format } of loop.files)
      await output.upload({ path, name, role: 'preview', contentType: TYPES[format], pointer: name })
    if (loop.warning !== undefined) warnings.push(loop.warning)

    const [columns = 0, rows = 0] = options.sheet.split('x').map(Number)
    let pictures = 0
    if (options.sheet !== 'off') {
      const sheet = await contactSheet(film, { columns, rows, size, fileName: SHEET })
      pictures = sheet.pictures
      if (sheet.warning !== undefined) warnings.push(sheet.warning)
      if (sheet.path !== undefined) {
        const contentType = 'image/jpeg'
        await output.upload({ path: sheet.path, name: SHEET, role: 'sheet', contentType, pointer: SHEET })
      }
    }
    output.describe({
      totals: { clips: clips.length, durationSeconds: loop.durationSeconds, pictures, ...size },
      warnings: [
        ...(await filmWarnings(film)),
        ...(inspection.breaksOff === undefined ? [] : [inspection.breaksOff]),
        ...warnings,
      ],
      tools: { ffmpeg: (await ffmpegBinaries()).version },
    })
    return c.json({ clips: clips.length })
  },
)
