/**
 * incoming/clip.mp4 -> processed/clip.mp4/thumbnails/{thumbnails.vtt,thumbnails.json,~…/sprite-001.jpg}: the small pictures that
 * players show above their time line.
 * @module
 */
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { defineFunction, PermanentError, STREAM_PIECES, type Output } from '../runtime/index.ts'
import { ffmpegBinaries } from './ffmpeg/build/binaries.ts'
import { inspect, KEEP_HINT } from './media/inspect.ts'
import { onTruncated } from './media/on-truncated.ts'
import { MEDIA_FILES } from './media/policy.ts'
import { mustEncode } from './pictures/abilities.ts'
import { filmWarnings, filmWith } from './pictures/decode.ts'
import { imageSize } from './pictures/image-size.ts'
import { withRealEnd } from './pictures/real-end.ts'
import { cutShort, noFilm } from './pictures/refusals.ts'
import { headOf, mustBe } from './pictures/seek.ts'
import { flawOf, planSheets, planWarnings, sheetNames } from './pictures/sheet-plan.ts'
import { makeSheets } from './pictures/sheets.ts'
import { spriteCues, spriteJson, tilesOn } from './pictures/sprite-lists.ts'
import { filmOf } from './pictures/track.ts'

const VTT = 'thumbnails.vtt'
const JSON_NAME = 'thumbnails.json'

export const thumbnails = defineFunction(
  {
    name: 'thumbnails',
    version: '1',
    trigger: 'asked',
    on: { bucket: 'incoming', match: MEDIA_FILES, ignore: [STREAM_PIECES], size: { max: '50GiB' } },
    options: z.object({
      /** Seconds from picture to picture; more for a film that would have more than 1,000. */
      every: z.coerce.number().min(0.5).max(600).default(5),
      /** Of each picture, in pixels. */
      width: z.coerce.number().int().min(32).max(640).default(160),
      /** Of a sheet. */
      columns: z.coerce.number().int().min(1).max(20).default(10),
      rows: z.coerce.number().int().min(1).max(20).default(10),
      /** `auto`: from keyframes, which takes a tenth of the work, where they are close enough to each other. */
      from: z.enum(['auto', 'keyframes', 'all']).default('auto'),
      /** The result for a truncated file: a dead letter, or the thumbnails of the intact part. */
      onTruncated,
    }),
    // A film of ten hours with few keyframes is decoded from end to end.
    timeout: '4h',
    stallTimeout: '60s',
    concurrency: 2,
  },
  async (c) => {
    const { event, options, source, output, signal, scratch, progress } = c.var
    const { every: everySeconds, width, columns, rows, from } = options
    const isTruncatedFine = options.onTruncated === 'keep'
    const inspection = await inspect({ source, sizeBytes: event.sizeBytes, scratch, signal, isTruncatedFine })
    const picture = filmOf(inspection)
    if (!picture) throw noFilm('thumbnails', inspection.media)
    await mustEncode('jpg')
    const film = await withRealEnd(await filmWith({ inspection, track: picture, scratch, signal, progress }))
    const { track } = film
    const wishes = { everySeconds, width, columns, rows }
    const planned = planSheets(track, wishes)
    if (typeof planned === 'string') throw new PermanentError(planned)

    const made = await makeSheets(film, planned, from)
    const { plan, timesSeconds } = made
    if (timesSeconds.length === 0)
      throw new PermanentError('the file declares a film and has no picture that can be decoded')
    const tornAt = made.isCutShort ? cutShort(timesSeconds.at(-1), track.endSeconds) : undefined
    if (tornAt !== undefined && !isTruncatedFine) throw new PermanentError(`${tornAt}${KEEP_HINT}`)
    const names = sheetNames((await readdir(scratch)).filter((name) => name.startsWith('sprite-')).length)
    const flaw = flawOf(plan, { timesSeconds, sheets: names.length })
    if (flaw !== undefined) throw new Error(`FFmpeg's sheets are wrong: ${flaw}`)
    for (const name of names)
      mustBe(imageSize((await headOf(join(scratch, name))) ?? Buffer.alloc(0)), plan.sheet, name)

    // Of a torn film, a picture stands for its own part: it ends somewhere there.
    const lastPart = (timesSeconds.at(-1) ?? 0) + plan.stepSeconds
    const end = tornAt === undefined ? track.endSeconds : Math.min(track.endSeconds ?? Infinity, lastPart)
    const tiles = tilesOn(plan, timesSeconds, end)
    for (const name of names) {
      await output.upload({ path: join(scratch, name), name, role: 'sprite', contentType: 'image/jpeg' })
    }
    // As files in their own folder, and with addresses that lead there from beside the manifest.
    for (const [folder, inFolder] of [
      ['', ''],
      [output.folder, 'pointer/'],
    ] as const) {
      const pointed = inFolder === '' ? {} : { pointer: VTT }
      await uploadText(output, scratch, {
        name: `${inFolder}${VTT}`,
        text: spriteCues(plan, tiles, names, folder),
        ...pointed,
      })
      await output.json(spriteJson(plan, tiles, names, folder), {
        name: `${inFolder}${JSON_NAME}`,
        role: 'thumbnails',
        ...(inFolder !== '' && { pointer: JSON_NAME }),
      })
    }
    output.describe({
      totals: { tiles: tiles.length, sheets: names.length, durationSeconds: tiles.at(-1)?.endSeconds ?? 0 },
      warnings: [
        ...(await filmWarnings(film)),
        ...(inspection.breaksOff === undefined ? [] : [inspection.breaksOff]),
        ...(tornAt === undefined ? [] : [tornAt]),
        ...planWarnings(plan, wishes),
        ...made.warnings,
      ],
      tools: { ffmpeg: (await ffmpegBinaries()).version },
    })
    return c.json({ tiles: tiles.length })
  },
)

async function uploadText(
  output: Output,
  scratch: string,
  file: { readonly name: string; readonly text: string; readonly pointer?: string },
): Promise<void> {
  const { name, text, ...rest } = file
  const path = join(scratch, name.replace('/', '-'))
  await rm(path, { force: true })
  await writeFile(path, text)
  await output.upload({ path, name, role: 'thumbnails', contentType: 'text/vtt', ...rest })
}
