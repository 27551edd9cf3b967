/** `thumbnails` on generated clips: sheets, and lists whose every cue names a picture that is shown then. */
import { readFile, rm, truncate } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { imageSize } from '../../functions/pictures/image-size.ts'
import { cuesOf } from '../../functions/media/webvtt.ts'
import { leftovers, type LocalAttempt } from '../helpers/attempt.ts'
import { clipFolder, makeMedia } from '../helpers/clips.ts'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { makeFilm, pixelsOf, turn, useFunction, type FilmName } from '../helpers/pictures.ts'

let folder = ''
beforeAll(async () => {
  folder = await clipFolder()
})
afterAll(() => rm(folder, { recursive: true }))

const attempts: LocalAttempt[] = []
afterAll(async () => {
  for (const attempt of attempts) await attempt.remove()
})

interface Listed {
  readonly tileWidth: number
  readonly tileHeight: number
  readonly sheets: readonly { readonly address: string; readonly width: number; readonly height: number }[]
  readonly tiles: readonly { readonly startSeconds: number; readonly x: number; readonly y: number }[]
}

describe.each(await ffmpegBuilds())('thumbnails with $name', (build) => {
  const used = useFunction(build, 'thumbnails')
  const of = async (path: string, options = {}, rest = {}) => {
    const attempt = await used.make(path, options, rest)
    attempts.push(attempt)
    expect(await leftovers(attempt)).toEqual([])
    const text = (name: string) => readFile(join(attempt.folder, name), 'utf8')
    const cues = cuesOf(await text('thumbnails.vtt'))
    const listed = JSON.parse(await text('thumbnails.json')) as Listed
    const sheets = attempt.files.filter(({ role }) => role === 'sprite').map(({ name }) => name)
    for (const [place, name] of sheets.entries()) {
      const size = imageSize(await readFile(join(attempt.folder, name)))
      expect(listed.sheets[place]).toEqual({ address: name, ...size })
    }
    // From one to the next, to the end.
    expect(cues.map(({ startSeconds }) => startSeconds)).toEqual([
      0,
      ...cues.slice(0, -1).map(({ endSeconds }) => endSeconds),
    ])
    expect(listed.tiles.map(({ startSeconds }) => startSeconds)).toEqual(
      cues.map(({ startSeconds }) => startSeconds),
    )
    return { attempt, ...attempt.facts, cues, listed, sheets, text }
  }
  const ofFilm = async (name: FilmName, options = {}) => of(await makeFilm(folder, name), options)

  it('are sheets, and two lists that lead to them from their own folder and from beside the manifest', async () => {
    const { attempt, cues, sheets, totals, warnings, text } = await ofFilm('film.mp4', {
      every: '1',
      columns: '3',
      rows: '2',
      width: '64',
    })
    expect(totals).toEqual({ tiles: 8, sheets: 2, durationSeconds: 8 })
    expect(sheets).toEqual(['sprite-001.jpg', 'sprite-002.jpg'])
    expect(cues.map(({ text: address }) => address)).toEqual([
      ...[0, 64, 128].map((x) => `sprite-001.jpg#xywh=${x},0,64,36`),
      ...[0, 64, 128].map((x) => `sprite-001.jpg#xywh=${x},36,64,36`),
      ...[0, 64].map((x) => `sprite-002.jpg#xywh=${x},0,64,36`),
    ])
    expect(warnings).toEqual([])
    const pointers = attempt.files.flatMap(({ name, pointer }) =>
      pointer === undefined ? [] : [[name, pointer]],
    )
    expect(pointers).toEqual([
      ['pointer/thumbnails.vtt', 'thumbnails.vtt'],
      ['pointer/thumbnails.json', 'thumbnails.json'],
    ])
    expect(await text('pointer/thumbnails.vtt')).toContain('\n~attempt/sprite-001.jpg#xywh=0,0,64,36\n')
    expect(JSON.parse(await text('pointer/thumbnails.json'))).toMatchObject({
      sheets: [{ address: '~attempt/sprite-001.jpg' }, { address: '~attempt/sprite-002.jpg' }],
    })
  })

  it('show the film at the time of their cue', async () => {
    const { cues, listed, attempt } = await ofFilm('black opening.mp4', {
      every: '1',
      columns: '8',
      from: 'all',
    })
    const pixels = await pixelsOf(join(attempt.folder, 'sprite-001.jpg'), 8, 1)
    expect(listed.sheets).toMatchObject([{ width: 8 * listed.tileWidth, height: listed.tileHeight }])
    for (const [place, { startSeconds }] of cues.entries()) {
      const brightest = Math.max(...pixels.slice(place * 3, place * 3 + 3))
      expect([startSeconds, brightest > 40]).toEqual([startSeconds, startSeconds >= 3])
    }
  })

  it('have the times of the film where its sound begins later', async () => {
    const { totals, cues, warnings } = await ofFilm('late sound.mkv', { every: '1', from: 'keyframes' })
    expect([totals['tiles'], warnings]).toEqual([8, []])
    for (const [place, { startSeconds }] of cues.entries()) expect(startSeconds).toBeCloseTo(place, 1)
  })

  it('are made of all pictures where keyframes are too far apart, unless only keyframes are asked for', async () => {
    const { totals, warnings } = await ofFilm('one keyframe.mp4', { every: '1' })
    expect([totals['tiles'], warnings]).toEqual([8, []])
    const sparse = await ofFilm('one keyframe.mp4', { every: '1', from: 'keyframes' })
    expect(sparse.totals['tiles']).toBe(1)
    expect(sparse.warnings).toEqual([expect.stringMatching(/^keyframes are up to 8\.0 s apart/)])
  })

  it('of ten hours are at most 1,000, and their times are exact to the end', async () => {
    const words = `-map 0 -vf setpts=N*36/TB,scale=64:36 -frames:v 1000 -vsync passthrough -c:v libx264 -preset ultrafast -g 1 -pix_fmt yuv420p`
    const { totals, cues, warnings } = await of(await makeMedia(join(folder, 'ten hours.mkv'), words, 40))
    expect(totals['tiles']).toBeLessThanOrEqual(1_000)
    expect(totals['sheets']).toBe(Math.ceil((totals['tiles'] ?? 0) / 100))
    expect(warnings).toEqual([
      expect.stringMatching(/^there is a picture for each 3[56](\.\d)? s and not each 5 s/),
    ])
    for (const { startSeconds } of cues) expect(startSeconds % 36).toBeCloseTo(0, 3)
  })

  it.each([
    ['one picture.mp4', 1, [160, 90]],
    ['a second.mp4', 1, [160, 90]],
    ['hdr.mp4', 2, [160, 90]],
    ['interlaced.mpg', 2, [160, 90]],
    ['anamorphic.mp4', 2, [160, 90]],
    ['odd.mp4', 2, [160, 90]],
    ['late picture.mkv', 2, [128, 72]],
  ] as const)('of %s are %i', async (name, tiles, size) => {
    const { totals, listed, warnings } = await ofFilm(name)
    const [width, height] = [Math.min(size[0], listed.tileWidth), Math.min(size[1], listed.tileHeight)]
    expect([totals['tiles'], listed.tileWidth, listed.tileHeight]).toEqual([tiles, width, height])
    expect(warnings).toEqual([])
  })

  it('are upright', async () => {
    const { listed, attempt } = await of(await turn(folder, await makeFilm(folder, 'halves.mp4')))
    expect([listed.tileWidth, listed.tileHeight]).toEqual([72, 128])
    const [top = 255, , , , , , bottom = 0] = await pixelsOf(join(attempt.folder, 'sprite-001.jpg'), 2, 2)
    expect([top < 25, bottom > 225]).toEqual([true, true])
  })

  it('are refused with a reason for sound, for sheets that are too large, and for torn files', async () => {
    await expect(ofFilm('sound.mp3')).rejects.toThrow(
      /^the file has no film, so there are no thumbnails of it$/,
    )
    await expect(ofFilm('encrypted.mp4')).rejects.toThrow(/^the file is encrypted/)
    const torn = await makeMedia(join(folder, 'torn.flv'), '-map 0 -c:v flv -g 25')
    await truncate(torn, 100_001)
    const kept = await of(torn, { every: '1', onTruncated: 'keep' })
    expect(kept.totals['tiles']).toBeLessThan(8)
    expect([basename(torn), kept.warnings.length > 0]).toEqual(['torn.flv', true])
    // It was given already.
    expect(kept.warnings.join()).not.toContain('onTruncated')
    await expect(of(torn, { every: '1' })).rejects.toThrow(/^the file is truncated/)
  })
})
